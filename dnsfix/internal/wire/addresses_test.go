package wire_test

import (
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sillelien/baseinit/dnsfix/internal/wire"
)

func TestAddresses(t *testing.T) {
	t.Parallel()
	name, err := wire.AppendName(nil, "web.test")
	if err != nil {
		t.Fatal(err)
	}
	question := append(append([]byte(nil), name...), 0, wire.TypeA, 0, wire.ClassIN)
	q := wire.Query{Question: question, Type: wire.TypeA, Class: wire.ClassIN, Limit: wire.MaxMessage}
	b := wire.Begin(nil, &q, wire.RcodeSuccess)
	b.Address(5, netip.MustParseAddr("10.0.0.1"))
	b.Address(5, netip.MustParseAddr("10.0.0.2"))
	answer, err := wire.ParseAnswer(b.End(), wire.Asked{Question: question})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for data := range answer.Stored.Addresses() {
		addr, _ := netip.AddrFromSlice(data)
		got = append(got, addr.String())
		data[0] = 11
	}
	for data := range answer.Stored.Addresses() {
		addr, _ := netip.AddrFromSlice(data)
		got = append(got, addr.String())
		break
	}
	if diff := cmp.Diff([]string{"10.0.0.1", "10.0.0.2", "11.0.0.1"}, got); diff != "" {
		t.Errorf("addresses (-want +got):\n%s", diff)
	}
	for msg := range 40 {
		s := wire.Stored{Msg: answer.Stored.Msg[:msg]}
		for range s.Addresses() {
			t.Errorf("a message of %d bytes has an address", msg)
		}
	}
}
