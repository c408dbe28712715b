// Package httpd serves HTTP/1.0 and 1.1 in few bytes: requests are read by net/http's own
// http.ReadRequest, and what is around it, for which http.Server links 580 kB of TLS, HTTP/2
// and more, is a loop here. It bounds what a client can take: connections, headers, bodies,
// time to send and to read. Idle it is one goroutine that waits in accept.
//
// What surprises: connections that idle are closed for others that wait, and an answer that
// takes long (see [Response.Long]) ends its connection.
package httpd
