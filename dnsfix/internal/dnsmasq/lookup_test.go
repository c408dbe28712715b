package dnsmasq_test

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"
)

const (
	typeA    = 1
	typeTXT  = 16
	typeAAAA = 28
)

// question is a query for the name, as sent.
func question(name string, qtype uint16) []byte {
	q := []byte{0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0}
	for label := range strings.SplitSeq(name, ".") {
		q = append(append(q, byte(len(label))), label...)
	}
	return append(binary.BigEndian.AppendUint16(append(q, 0), qtype), 0, 1)
}

// upstream answers each query on loopback with the number n: in an A, an AAAA or
// a TXT record. It returns its port.
func upstream(t *testing.T, n byte) (port int) {
	t.Helper()
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	t.Cleanup(func() { conn.Close(); <-ended })
	go func() {
		defer close(ended)
		buf := make([]byte, 1500)
		for {
			size, from, err := conn.ReadFromUDPAddrPort(buf)
			if err != nil {
				return
			}
			_, _ = conn.WriteToUDPAddrPort(numbered(buf[:size], n), from)
		}
	}()
	return conn.LocalAddr().(*net.UDPAddr).Port
}

func numbered(query []byte, n byte) []byte {
	end := 12
	for query[end] != 0 {
		end += 1 + int(query[end])
	}
	a := slices.Clone(query[:end+5])
	copy(a[2:], []byte{0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0})
	qtype := binary.BigEndian.Uint16(query[end+1:])
	data := map[uint16][]byte{typeA: {10, 0, 0, n}, typeAAAA: append(make([]byte, 15), n|0x40), typeTXT: {1, '0' + n}}[qtype]
	a = append(a, 0xc0, 12, query[end+1], query[end+2], 0, 1, 0, 0, 0, 9, 0, byte(len(data)))
	return append(a, data...)
}

// ask returns the data of the answer's records, or its code.
func ask(t *testing.T, port int, name string, qtype uint16) (answers []string, err error) {
	t.Helper()
	conn, err := net.Dial("udp4", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.Write(question(name, qtype)); err != nil {
		return nil, err
	}
	_ = conn.SetReadDeadline(time.Now().Add(2 * time.Second))
	buf := make([]byte, 1500)
	size, err := conn.Read(buf)
	if err != nil {
		return nil, err
	}
	count := int(binary.BigEndian.Uint16(buf[6:]))
	at := len(question(name, qtype))
	for range count { // owners are pointers, since they are all the name asked for
		length := int(binary.BigEndian.Uint16(buf[at+10:]))
		data := buf[at+12 : at+12+length]
		if ip, ok := netip.AddrFromSlice(data); ok && qtype != typeTXT {
			answers = append(answers, ip.String())
		} else {
			answers = append(answers, string(data[1:]))
		}
		at += 12 + length
	}
	if count == 0 {
		answers = []string{map[byte]string{0: "nothing", 3: "nothing", 5: "refused"}[buf[3]&15]}
	}
	return answers, checkSize(at, size)
}

func checkSize(at, size int) error {
	if at > size {
		return fmt.Errorf("answer of %d bytes read up to %d", size, at)
	}
	return nil
}

// start runs dnsmasq with the arguments, and returns its port.
func start(t *testing.T, binary string, args []string) (port int, stop func()) {
	t.Helper()
	free, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	port = free.LocalAddr().(*net.UDPAddr).Port
	free.Close()
	var said strings.Builder
	cmd := exec.Command(binary, slices.Concat([]string{
		"--no-daemon", "--conf-file=/dev/null", "--no-resolv", "--no-hosts", "--cache-size=0",
		"--listen-address=127.0.0.1", "--bind-interfaces", fmt.Sprintf("--port=%d", port),
	}, args)...)
	cmd.Stderr = &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	stop = func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}
	for begun := time.Now(); time.Since(begun) < 5*time.Second; {
		if _, err := ask(t, port, "ready.test", typeTXT); err == nil {
			return port, stop
		}
		time.Sleep(2 * time.Millisecond) // it says nothing when it is there
	}
	stop()
	t.Fatalf("dnsmasq %q does not answer: %s", args, &said)
	return 0, nil
}

// TestLookupsAsDnsmasq asks dnsmasq what rules that nobody would write come to.
func TestLookupsAsDnsmasq(t *testing.T) {
	t.Parallel()
	dnsmasqBinary := needDnsmasq(t)
	var servers []string
	numbers := map[string]byte{}
	for n := byte(1); n <= 3; n++ {
		server := fmt.Sprintf("127.0.0.1#%d", upstream(t, n))
		servers = append(servers, server)
		numbers[strings.Replace(server, "#", ":", 1)] = n
	}
	rnd := rand.New(rand.NewPCG(7, 14))
	for range 40 {
		rules := slices.DeleteFunc(someRules(rnd, 1+rnd.IntN(14), servers[1:]...), func(rule string) bool {
			// dnsmasq refuses the other types of such names, and dies of "//#".
			return strings.HasPrefix(rule, "--address=//") || rule == "--server=//#"
		})
		args := slices.Concat(rules, []string{"--server=" + servers[0]})
		r := mustArgs(t, args...).Compile()
		port, stop := start(t, dnsmasqBinary, args)
		t.Cleanup(stop)
		for range 25 {
			name := somewhere(rnd)
			for _, qtype := range []uint16{typeA, typeAAAA, typeTXT} {
				got, err := ask(t, port, name, qtype)
				if err != nil {
					t.Fatalf("%q: %s %d: %v", args, name, qtype, err)
				}
				if got[0] == "refused" && !strings.Contains(name, ".") {
					continue // it is at a loss where a "#" meets --local=//
				}
				servers, addrs := r.Lookup(name)
				var want []string
				switch {
				case qtype == typeA && addrs != nil && addrs.V4 != nil:
					want = texts(addrs.V4)
				case qtype == typeAAAA && addrs != nil && addrs.V6 != nil:
					want = texts(addrs.V6)
				case servers.Local:
					want = []string{"nothing"}
				case servers.Default:
					want = []string{from(1, qtype)}
				default:
					for _, s := range servers.Servers {
						want = append(want, from(numbers[s.String()], qtype))
					}
				}
				// Of several servers dnsmasq asks some.
				if slices.ContainsFunc(got, func(g string) bool { return !slices.Contains(want, g) }) {
					t.Errorf("%q:\n%s, type %d: dnsmasq says %q, we say %q", args, name, qtype, got, want)
				}
			}
		}
		stop()
	}
}

func texts(addrs []netip.Addr) (s []string) {
	for _, a := range addrs {
		s = append(s, a.String())
	}
	return s
}

// from is what the upstream of that number answers.
func from(n byte, qtype uint16) string {
	switch qtype {
	case typeA:
		return fmt.Sprintf("10.0.0.%d", n)
	case typeAAAA:
		return fmt.Sprintf("::%x", n|0x40)
	}
	return fmt.Sprint(n)
}
