// Package matrix shows what clients of DNS get with baseinit and without, from servers
// that lie, are slow, drop, cut off and refuse. It holds tests alone, of the whole
// program as PID 1 with libcs and tools as they are shipped, and makes the table of
// docs/dns.md. It lies here, and not beside the other tests of cmd/baseinit, since only
// what is below dnsfix may import dnstest.
//
// A test's world is a network namespace with the servers on 127.0.0.2 and on, all of
// them on port 53, and a box of pid1test in the same network. So nothing of
// the machine's DNS is touched, and worlds run side by side.
package matrix
