// Package forward sends messages to a syslog server over UDP, TCP or TLS. A
// [Forwarder] takes them from a sink, keeps what does not get through at once, and
// never makes the sink wait:
//
//	f, err := forward.New(forward.Config{Target: "tls://logs.example"})
//	...
//	sink, err := syslog.New(syslog.Config{Handler: f.Handle})
//	...
//	g.Add(f.Actor()) // github.com/oklog/run
//
// What surprises is how little a syslog server promises. Its protocol has no
// acknowledgement, so "sent" cannot mean "stored". Over TCP and TLS it means here
// that the other side's kernel has confirmed the bytes (on Linux: SIOCOUTQ in tcp(7)).
// Until then a message is kept, and goes out once more, as a whole, when the
// connection breaks: it can arrive twice, but it is not lost with a cable, a
// firewall or a host. What a server's kernel has taken and the server had not read
// when it died is lost, and so is what it keeps in memory itself; a proxy
// in between confirms for a server that may not be there. Nobody can count that.
//
// Over UDP a message is sent when it has left, unless an answer (port unreachable, in
// ICMP) says within 50 ms that nobody listens: then it is kept and sent again. Where
// such answers are lost or filtered, so are messages.
//
// Messages have the form of RFC 5424. Framing is that of RFC 5426 for UDP, RFC 6587 for
// TCP, where lengths ("octet counting") keep messages of many lines whole, and RFC 5425
// for TLS. The service that a message is from, if the sink knows it, is sent as
// structured data:
//
//	<30>1 2026-11-23T18:05:00.123456Z host nginx 77 - [baseinit@32473 service="web"] text
//
// 32473 is the enterprise number that RFC 5612 sets aside for examples: this project has
// none, and with that one its name cannot clash with an owner's.
//
// A Forwarder that gets no message does nothing: it resolves no name, opens no
// socket and starts no goroutine.
package forward
