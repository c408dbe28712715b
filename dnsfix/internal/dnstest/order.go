package dnstest

import "github.com/miekg/dns"

// Order asks for the addresses of all names at once, on one connection, and returns the
// names in the order in which they are answered.
func Order(conn *dns.Conn, names ...string) (answered []string, err error) {
	for _, name := range names {
		if err := conn.WriteMsg(new(dns.Msg).SetQuestion(name, dns.TypeA)); err != nil {
			return nil, err
		}
	}
	for range names {
		reply, err := conn.ReadMsg()
		if err != nil {
			return answered, err
		}
		answered = append(answered, reply.Question[0].Name)
	}
	return answered, nil
}
