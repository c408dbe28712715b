package dnsmasq

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// rrTypes is the list of --cache-rr and --filter-rr: names without regard to
// case, or numbers.
func rrTypes(v value) ([]uint16, error) {
	fields, err := v.fields()
	if err != nil {
		return nil, err
	}
	var types []uint16
	for _, f := range fields {
		t, err := rrType(f)
		if err != nil {
			return nil, err
		}
		types = append(types, t)
	}
	return types, nil
}

func rrType(s string) (uint16, error) {
	if n, err := strconv.ParseUint(s, 10, 16); err == nil && n > 0 {
		return uint16(n), nil
	} else if errors.Is(err, strconv.ErrRange) {
		return 0, fmt.Errorf("no record type is %s: give a number from 1 to 65535", s)
	}
	for i := range typeNames {
		t := &typeNames[i]
		if strings.EqualFold(s, t.name) {
			return t.number, nil
		}
	}
	return 0, fmt.Errorf("%q is no record type: give a name such as TXT, or a number", s)
}

// typeNames are the types of IANA's registry "Resource Record (RR) TYPEs".
var typeNames = [...]struct {
	name   string
	number uint16
}{
	{"A", 1},
	{"NS", 2},
	{"MD", 3},
	{"MF", 4},
	{"CNAME", 5},
	{"SOA", 6},
	{"MB", 7},
	{"MG", 8},
	{"MR", 9},
	{"NULL", 10},
	{"WKS", 11},
	{"PTR", 12},
	{"HINFO", 13},
	{"MINFO", 14},
	{"MX", 15},
	{"TXT", 16},
	{"RP", 17},
	{"AFSDB", 18},
	{"X25", 19},
	{"ISDN", 20},
	{"RT", 21},
	{"NSAP", 22},
	{"NSAP-PTR", 23},
	{"SIG", 24},
	{"KEY", 25},
	{"PX", 26},
	{"GPOS", 27},
	{"AAAA", 28},
	{"LOC", 29},
	{"NXT", 30},
	{"EID", 31},
	{"NIMLOC", 32},
	{"SRV", 33},
	{"ATMA", 34},
	{"NAPTR", 35},
	{"KX", 36},
	{"CERT", 37},
	{"A6", 38},
	{"DNAME", 39},
	{"SINK", 40},
	{"OPT", 41},
	{"APL", 42},
	{"DS", 43},
	{"SSHFP", 44},
	{"IPSECKEY", 45},
	{"RRSIG", 46},
	{"NSEC", 47},
	{"DNSKEY", 48},
	{"DHCID", 49},
	{"NSEC3", 50},
	{"NSEC3PARAM", 51},
	{"TLSA", 52},
	{"SMIMEA", 53},
	{"HIP", 55},
	{"NINFO", 56},
	{"RKEY", 57},
	{"TALINK", 58},
	{"CDS", 59},
	{"CDNSKEY", 60},
	{"OPENPGPKEY", 61},
	{"CSYNC", 62},
	{"ZONEMD", 63},
	{"SVCB", 64},
	{"HTTPS", 65},
	{"SPF", 99},
	{"UINFO", 100},
	{"UID", 101},
	{"GID", 102},
	{"UNSPEC", 103},
	{"NID", 104},
	{"L32", 105},
	{"L64", 106},
	{"LP", 107},
	{"EUI48", 108},
	{"EUI64", 109},
	{"TKEY", 249},
	{"TSIG", 250},
	{"IXFR", 251},
	{"AXFR", 252},
	{"MAILB", 253},
	{"MAILA", 254},
	{"ANY", 255},
	{"URI", 256},
	{"CAA", 257},
	{"AVC", 258},
	{"DOA", 259},
	{"AMTRELAY", 260},
	{"TA", 32768},
	{"DLV", 32769},
}
