package wire_test

import (
	"encoding/base32"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"net"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/miekg/dns"

	"github.com/sillelien/baseinit/dnsfix/internal/wire"
)

// Whatever the type, what AppendReply makes of an upstream's compressed message is what
// miekg/dns packs of the same records: patched ID, flags, TTLs and name, for a
// client that spells the name in its own way.
func TestEveryType(t *testing.T) {
	t.Parallel()
	tested := 0
	for typ := range dns.TypeToRR {
		switch typ {
		case dns.TypeOPT, dns.TypeANY: // no records
			continue
		}
		tested++
		t.Run(dns.TypeToString[typ], func(t *testing.T) {
			t.Parallel()
			r := random{rand.New(rand.NewPCG(uint64(typ), 1))}
			for range 50 {
				r.check(t, typ)
			}
		})
	}
	if tested < 75 {
		t.Errorf("%d types", tested)
	}
}

func (r random) check(t *testing.T, typ uint16) {
	t.Helper()
	name := r.name()
	m := &dns.Msg{Question: []dns.Question{{Name: name, Qtype: typ, Qclass: dns.ClassINET}}, Compress: true}
	m.Id, m.Response, m.RecursionDesired, m.RecursionAvailable = uint16(r.Uint32()), true, true, true
	for range 1 + r.IntN(4) {
		m.Answer = append(m.Answer, r.record(t, name, typ))
	}
	a, err := wire.ParseAnswer(pack(t, m), wire.Asked{ID: m.Id, Question: wireQuestion(t, m)})
	if err != nil {
		t.Fatalf("%v\n%v", err, m)
	}
	if a.Kind != wire.Positive || len(a.Stored.TTLs) != len(m.Answer) {
		t.Fatalf("kind %d, %d records of\n%v", a.Kind, len(a.Stored.TTLs), m)
	}

	want := m.Copy()
	want.Id, want.CheckingDisabled = uint16(r.Uint32()), r.IntN(2) == 0
	want.Question[0].Name = r.spell(name)
	client := &dns.Msg{MsgHdr: want.MsgHdr, Question: want.Question}
	client.Response = false
	if r.IntN(2) == 0 {
		client.SetEdns0(1232, true)
		want.SetEdns0(1232, true)
	}
	age := r.Uint32N(100)
	for _, rr := range want.Answer {
		h := rr.Header()
		h.Name, h.Ttl = want.Question[0].Name, h.Ttl-min(h.Ttl, age)
	}
	q, v := wire.ParseQuery(pack(t, client))
	if v != wire.Ask {
		t.Fatalf("verdict %d on\n%v", v, client)
	}
	q.Limit = wire.MaxMessage
	sameMessage(t, want, a.Stored.AppendReply(nil, &q, wire.Patch{Age: age}))
}

func wireQuestion(tb testing.TB, m *dns.Msg) []byte {
	tb.Helper()
	return pack(tb, &dns.Msg{Question: m.Question})[12:]
}

// random makes records.
type random struct{ *rand.Rand }

// name returns one of names that have much in common, so that they are compressed.
func (r random) name() string {
	labels := []string{"a", "B", "www", "x-y", "\\000", "EXAMPLE", "example", strings.Repeat("l", 63)}
	var name strings.Builder
	for range r.IntN(4) {
		name.WriteString(labels[r.IntN(len(labels))] + ".")
	}
	return name.String() + []string{"example.", "Example.com.", "test."}[r.IntN(3)]
}

// spell returns name with the case of its letters changed at random.
func (r random) spell(name string) string {
	b := []byte(name)
	for i, c := range b {
		if c|0x20 >= 'a' && c|0x20 <= 'z' && r.IntN(2) == 0 {
			b[i] ^= 0x20
		}
	}
	return string(b)
}

// record returns one that miekg/dns can pack, and reads as it was.
func (r random) record(t *testing.T, owner string, typ uint16) dns.RR {
	t.Helper()
	for range 1000 {
		rr := dns.TypeToRR[typ]()
		r.fill(reflect.ValueOf(rr).Elem())
		*rr.Header() = dns.RR_Header{Name: owner, Rrtype: typ, Class: dns.ClassINET, Ttl: r.Uint32N(1000)}
		b := make([]byte, 8192)
		n, err := dns.PackRR(rr, b, 0, nil, false)
		if err != nil {
			continue
		}
		if read, _, err := dns.UnpackRR(b[:n], 0); err == nil {
			return read
		}
	}
	t.Fatalf("no %s record can be made", dns.TypeToString[typ])
	return nil
}

// fill sets the fields of a record, which have tags that say what they are on the wire.
func (r random) fill(v reflect.Value) {
	for i := range v.NumField() {
		f, tag := v.Field(i), v.Type().Field(i).Tag.Get("dns")
		if v.Type().Field(i).Name == "Hdr" {
			continue
		}
		kind, _, _ := strings.Cut(tag, ":")
		switch f.Interface().(type) {
		case string:
			f.SetString(r.text(kind))
		case []string:
			f.Set(reflect.ValueOf(slices.Repeat([]string{r.text(kind)}, 1+r.IntN(3))))
		case net.IP:
			f.Set(reflect.ValueOf(r.ip(tag)))
		case []uint16: // of NSEC, in order
			f.Set(reflect.ValueOf([]uint16{dns.TypeA, dns.TypeNS, dns.TypeAAAA}))
		case []dns.SVCBKeyValue:
			f.Set(reflect.ValueOf([]dns.SVCBKeyValue{&dns.SVCBAlpn{Alpn: []string{"h2", "h3"}}, &dns.SVCBPort{Port: 8443}}))
		default:
			r.number(f)
		}
	}
	r.mend(v)
}

func (r random) number(f reflect.Value) {
	if f.CanUint() {
		f.SetUint(uint64(r.Uint32()) & (1<<f.Type().Bits() - 1))
	} else if f.Kind() == reflect.Struct {
		r.fill(f) // HTTPS and SVCB, SIG and RRSIG, ... are one another
	}
}

func (r random) bytes() []byte {
	b := make([]byte, 1+r.IntN(40))
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

func (r random) text(kind string) string {
	switch kind {
	case "cdomain-name", "domain-name":
		return r.name()
	case "hex", "size-hex":
		return hex.EncodeToString(r.bytes())
	case "base64", "size-base64":
		return base64.StdEncoding.EncodeToString(r.bytes())
	case "size-base32":
		return base32.HexEncoding.WithPadding(base32.NoPadding).EncodeToString(r.bytes())
	}
	return fmt.Sprintf("text%d", r.IntN(1000))
}

func (r random) ip(tag string) net.IP {
	ip := make(net.IP, 16)
	copy(ip, []byte{0xfd, 1, 2, 3, byte(r.Uint32())})
	if tag == "a" {
		return net.IPv4(10, 1, 2, byte(r.Uint32())).To4()
	}
	return ip
}

// mend sets the lengths that go before what they are the lengths of.
func (r random) mend(v reflect.Value) {
	for i := range v.NumField() {
		kind, length, _ := strings.Cut(v.Type().Field(i).Tag.Get("dns"), ":")
		if length == "" {
			continue
		}
		text, n := v.Field(i).String(), 0
		switch kind {
		case "size-hex":
			n = len(text) / 2
		case "size-base64":
			n = base64.StdEncoding.DecodedLen(len(text)) - strings.Count(text, "=")
		case "size-base32":
			n = len(text) * 5 / 8
		}
		v.FieldByName(length).SetUint(uint64(n))
	}
	if f := v.FieldByName("GatewayType"); f.IsValid() {
		f.SetUint(uint64(r.IntN(4)))
		v.FieldByName("GatewayAddr").Set(reflect.ValueOf(net.IPv4(10, 0, 0, 1).To4()))
		if f.Uint() == 2 {
			v.FieldByName("GatewayAddr").Set(reflect.ValueOf(r.ip("aaaa")))
		}
	}
}
