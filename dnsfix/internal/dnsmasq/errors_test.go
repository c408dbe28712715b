package dnsmasq_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/sillelien/baseinit/dnsfix/internal/dnsmasq"
)

// wrong has arguments, a line each since they may have blanks, and the error.
var wrong = []struct{ args, want string }{
	// The syntax of options.
	{"stray", `cannot use stray (argument 1): it is no option: write --NAME=VALUE, or quote a value that has blanks`},
	{"-", `cannot use - (argument 1): it is no option: write --NAME=VALUE, or quote a value that has blanks`},
	{"--\n-k", `cannot use -k (argument 2): it is no option: write --NAME=VALUE, or quote a value that has blanks`},
	{"--no-daemon=1", `cannot use --no-daemon=1 (argument 1): it takes no value: remove what follows the =`},
	{"--no-daemon=", `cannot use --no-daemon= (argument 1): it takes no value: remove what follows the =`},
	{"-k=1", `cannot use -k=1 (argument 1): there is no option -=1: see dnsmasq(8)`},
	{"--cache-size", `cannot use --cache-size (argument 1): it needs a value, and has none: give it`},
	{"--cache-size=", `cannot use --cache-size= (argument 1): it needs a value, and has none: give it`},
	{"-c", `cannot use -c (argument 1): it needs a value, and has none: give it`},
	{"-kc", `cannot use -c (argument 1): it needs a value, and has none: give it`},
	{"-u", `cannot use -u (argument 1): it needs a value, and has none: give it`},
	{"--resolv-file\n/x", `cannot use /x (argument 2): it is no option: write --NAME=VALUE, or quote a value that has blanks`},
	{"--cache-size=1\n-c2", `cannot use -c2 (argument 2): it has been given before (argument 1): remove one`},
	{"--no-d", `cannot use --no-d (argument 1): it is short for more than one option: write one of --no-daemon, --no-dhcp-interface, --no-dhcpv4-interface, --no-dhcpv6-interface`},
	{"-?", `cannot use -? (argument 1): there is no option -?: see dnsmasq(8)`},
	{"-é", `cannot use -é (argument 1): there is no option -é: see dnsmasq(8)`},
	// Unknown ones.
	{"--cach-size=5", `cannot use --cach-size (argument 1): there is no such option: did you mean --cache-size?`},
	{"--sever\n1.2.3.4", `cannot use --sever (argument 1): there is no such option: did you mean --server?`},
	{"--filter-aaaa", `cannot use --filter-aaaa (argument 1): there is no such option: did you mean --filter-AAAA?`},
	{"--addres5=/a/1.2.3.4", `cannot use --addres5 (argument 1): there is no such option: did you mean --address?`},
	{"--max-cahce-ttl=5", `cannot use --max-cahce-ttl (argument 1): there is no such option: did you mean --max-cache-ttl?`},
	{"--xyzzy", `cannot use --xyzzy (argument 1): there is no such option: see dnsmasq(8)`},
	{"--" + strings.Repeat("a", 70), `cannot use --` + strings.Repeat("a", 70) + ` (argument 1): there is no such option: see dnsmasq(8)`},
	// Numbers.
	{"--cache-size=abc", `cannot use --cache-size=abc (argument 1): "abc" is no number: give one from 0 to 10000000`},
	{"--cache-size=-1", `cannot use --cache-size=-1 (argument 1): "-1" is no number: give one from 0 to 10000000`},
	{"--cache-size=0x10", `cannot use --cache-size=0x10 (argument 1): "0x10" is no number: give one from 0 to 10000000`},
	{"-c\n99999999999999999999", `cannot use -c 99999999999999999999 (argument 1): 99999999999999999999 is out of range: give a number from 0 to 10000000`},
	{"-c=5", `cannot use -c=5 (argument 1): "=5" is no number: give one from 0 to 10000000`},
	{"--port=65536", `cannot use --port=65536 (argument 1): 65536 is out of range: give a number from 0 to 65535`},
	{"--port-limit=0", `cannot use --port-limit=0 (argument 1): 0 is out of range: give a number from 1 to 65535`},
	{"--query-port=-1", `cannot use --query-port=-1 (argument 1): "-1" is no number: give one from 0 to 65535`},
	{"--dns-forward-max=0", `cannot use --dns-forward-max=0 (argument 1): 0 is out of range: give a number from 1 to 100000`},
	{"--neg-ttl=1h", `cannot use --neg-ttl=1h (argument 1): "1h" is no number: give one from 0 to 2147483647`},
	{"--max-ttl=99999999999", `cannot use --max-ttl=99999999999 (argument 1): 99999999999 is out of range: give a number from 0 to 2147483647`},
	{"--min-cache-ttl=x", `cannot use --min-cache-ttl=x (argument 1): "x" is no number: give one from 0 to 2147483647`},
	{"--edns-packet-max=x", `cannot use --edns-packet-max=x (argument 1): "x" is no number: give one from 0 to 2147483647`},
	{"--use-stale-cache=x", `cannot use --use-stale-cache=x (argument 1): "x" is no number: give one from 0 to 2147483647`},
	{"--fast-dns-retry=49", `cannot use --fast-dns-retry=49 (argument 1): 49 is out of range: give a number from 50 to 2147483647`},
	{"--fast-dns-retry=,5000", `cannot use --fast-dns-retry=,5000 (argument 1): "" is no number: give one from 50 to 2147483647`},
	{"--fast-dns-retry=50,x", `cannot use --fast-dns-retry=50,x (argument 1): "x" is no number: give one from 0 to 2147483647`},
	{"--fast-dns-retry=50,60,70", `cannot use --fast-dns-retry=50,60,70 (argument 1): "70" is too much: give MILLISECONDS[,MILLISECONDS]`},
	{"--log-async=x", `cannot use --log-async=x (argument 1): "x" is no number: give one from 0 to 2147483647`},
	{"--min-port=3000\n--max-port=2000", `cannot use --min-port=3000 with --max-port=2000: no port is between: swap them`},
	// Servers and addresses.
	{"--server=8.8.8.8#65536", `cannot use --server=8.8.8.8#65536 (argument 1): 65536 is out of range: give a number from 1 to 65535`},
	{"--server=8.8.8.8#abc", `cannot use --server=8.8.8.8#abc (argument 1): "abc" is no number: give one from 1 to 65535`},
	{"--server=dns.google", `cannot use --server=dns.google (argument 1): "dns.google" is no address, and a server's name cannot be looked up: give ADDRESS[#PORT], or /DOMAIN/ADDRESS[#PORT]`},
	{"--server=/x/1.2.3.4,5.6.7.8", `cannot use --server=/x/1.2.3.4,5.6.7.8 (argument 1): "1.2.3.4,5.6.7.8" is no address, and a server's name cannot be looked up: give ADDRESS[#PORT], or /DOMAIN/ADDRESS[#PORT]`},
	{"--server=/a", `cannot use --server=/a (argument 1): "/a" is not closed: write /DOMAIN/, with a slash behind it, too`},
	{"--server=/", `cannot use --server=/ (argument 1): "/" is not closed: write /DOMAIN/, with a slash behind it, too`},
	{"--server= ", `cannot use --server=  (argument 1): it names no server: give ADDRESS[#PORT], or /DOMAIN/`},
	{"--local=foo", `cannot use --local=foo (argument 1): "foo" is no address, and a server's name cannot be looked up: give ADDRESS[#PORT], or /DOMAIN/ADDRESS[#PORT]`},
	{"--server=/a..b/1.2.3.4", `cannot use --server=/a..b/1.2.3.4 (argument 1): "a..b" has a part that is empty or longer than 63 bytes: no name has`},
	{"--server=/g*gle.com/1.2.3.4", `cannot use --server=/g*gle.com/1.2.3.4 (argument 1): "g*gle.com" has a * that is not its first character: move it there, or remove it`},
	{"--server=/größe/1.2.3.4", `cannot use --server=/größe/1.2.3.4 (argument 1): "größe" is not ASCII: write it in punycode, with xn--`},
	{"--server=/a b/1.2.3.4", `cannot use --server=/a b/1.2.3.4 (argument 1): "a b" has the character ' ': no name has`},
	{"--server=/./1.2.3.4", `cannot use --server=/./1.2.3.4 (argument 1): a name is empty: give one`},
	{"--server=/*./1.2.3.4", `cannot use --server=/*./1.2.3.4 (argument 1): a name is empty: give one`},
	{"--server=\"1.2.3.4", `cannot use --server="1.2.3.4 (argument 1): a " has no end: close it`},
	{"--server=/" + strings.Repeat("abcdefg.", 32) + "/1.2.3.4", `cannot use --server=/` + strings.Repeat("abcdefg.", 32) + `/1.2.3.4 (argument 1): "abcdefg.abcdefg.abcd"... is longer than 253 bytes: no name is`},
	{"--rev-server=1.2.3.0/33,8.8.8.8", `cannot use --rev-server=1.2.3.0/33,8.8.8.8 (argument 1): 33 is out of range: give a number from 1 to 32`},
	{"--rev-server=1.2.3.0/0,8.8.8.8", `cannot use --rev-server=1.2.3.0/0,8.8.8.8 (argument 1): 0 is out of range: give a number from 1 to 32`},
	{"--rev-server=a,8.8.8.8", `cannot use --rev-server=a,8.8.8.8 (argument 1): "a" is no address: give ADDRESS[/BITS]`},
	{"--rev-server=1.2.3.0/24,", `cannot use --rev-server=1.2.3.0/24, (argument 1): the server is empty: give one, or leave the comma out if no server is to be asked`},
	{"--rev-server=1.2.3.0/24,x", `cannot use --rev-server=1.2.3.0/24,x (argument 1): "x" is no address, and a server's name cannot be looked up: give ADDRESS[#PORT], or /DOMAIN/ADDRESS[#PORT]`},
	{"--address=/foo/1.2.3.4#53", `cannot use --address=/foo/1.2.3.4#53 (argument 1): "1.2.3.4#53" is no address: give /DOMAIN/ADDRESS, /DOMAIN/# or /DOMAIN/`},
	{"--address=/foo/1.2.3.4,5.6.7.8", `cannot use --address=/foo/1.2.3.4,5.6.7.8 (argument 1): "1.2.3.4,5.6.7.8" is no address: give /DOMAIN/ADDRESS, /DOMAIN/# or /DOMAIN/`},
	{"--address=/foo/fe80::1%lo", `cannot use --address=/foo/fe80::1%lo (argument 1): "fe80::1%lo" is no address: give /DOMAIN/ADDRESS, /DOMAIN/# or /DOMAIN/`},
	{"--address=/foo", `cannot use --address=/foo (argument 1): "/foo" is not closed: write /DOMAIN/, with a slash behind it, too`},
	{"--address= ", `cannot use --address=  (argument 1): it is empty: give /DOMAIN/ADDRESS, /DOMAIN/# or /DOMAIN/`},
	{"--address=/a b/1.2.3.4", `cannot use --address=/a b/1.2.3.4 (argument 1): "a b" has the character ' ': no name has`},
	{"--rebind-domain-ok=foo,bar", `cannot use --rebind-domain-ok=foo,bar (argument 1): "foo,bar" has the character ',': no name has`},
	{"--rebind-domain-ok=/a/b c/", `cannot use --rebind-domain-ok=/a/b c/ (argument 1): "b c" has the character ' ': no name has`},
	{"--listen-address=foo", `cannot use --listen-address=foo (argument 1): "foo" is no address to listen on: give ADDRESS[,ADDRESS...], without port or zone`},
	{"-a\n127.0.0.1,", `cannot use -a 127.0.0.1, (argument 1): "" is no address to listen on: give ADDRESS[,ADDRESS...], without port or zone`},
	{"--interface=lo,", `cannot use --interface=lo, (argument 1): a name is empty: give NAME[,NAME...]`},
	{"--bogus-nxdomain=a", `cannot use --bogus-nxdomain=a (argument 1): "a" is no address: give ADDRESS[/BITS]`},
	{"--ignore-address=1.2.3.4/33", `cannot use --ignore-address=1.2.3.4/33 (argument 1): 33 is out of range: give a number from 0 to 32`},
	{"--alias=1.2.3.4", `cannot use --alias=1.2.3.4 (argument 1): something is missing: give OLD|START-END,NEW[,MASK]`},
	{"--alias=::1,::2", `cannot use --alias=::1,::2 (argument 1): "::1" is no IPv4 address: give one`},
	{"--alias=1.2.3.4,5.6.7.8,24", `cannot use --alias=1.2.3.4,5.6.7.8,24 (argument 1): "24" is no IPv4 address: give one`},
	{"--alias=1.2.3.4-1.2.3.9,5.6.7.8", `cannot use --alias=1.2.3.4-1.2.3.9,5.6.7.8 (argument 1): the range does not go up within one subnet of the mask: give START-END,NEW,MASK`},
	{"--alias=1.2.3.9-1.2.3.4,5.6.7.8,255.0.0.0", `cannot use --alias=1.2.3.9-1.2.3.4,5.6.7.8,255.0.0.0 (argument 1): the range does not go up within one subnet of the mask: give START-END,NEW,MASK`},
	// Records.
	{"--host-record=a", `cannot use --host-record=a (argument 1): something is missing: give NAME[,NAME...],ADDRESS[,ADDRESS][,TTL]`},
	{"--host-record=1.2.3.4", `cannot use --host-record=1.2.3.4 (argument 1): something is missing: give NAME[,NAME...],ADDRESS[,ADDRESS][,TTL]`},
	{"--host-record=a,60", `cannot use --host-record=a,60 (argument 1): something is missing: give NAME[,NAME...],ADDRESS[,ADDRESS][,TTL]`},
	{"--host-record=,1.2.3.4", `cannot use --host-record=,1.2.3.4 (argument 1): a name is empty: give one`},
	{"--host-record=a,1.2.3.4,1.2.3.5", `cannot use --host-record=a,1.2.3.4,1.2.3.5 (argument 1): 1.2.3.5 is one address too many, a record has one of each family: repeat the option`},
	{"--host-record=a,fe80::1%lo", `cannot use --host-record=a,fe80::1%lo (argument 1): fe80::1%lo has a zone, and a record cannot: remove it`},
	{"--host-record=a,1.2.3.4,5,6", `cannot use --host-record=a,1.2.3.4,5,6 (argument 1): 6 is a second TTL: remove one`},
	{"--host-record=a,1.2.3.4,99999999999", `cannot use --host-record=a,1.2.3.4,99999999999 (argument 1): 99999999999 is out of range: give a number from 0 to 2147483647`},
	{"--cname=a", `cannot use --cname=a (argument 1): something is missing: give ALIAS[,ALIAS...],TARGET[,TTL]`},
	{"--cname=a,", `cannot use --cname=a, (argument 1): a name is empty: give one`},
	{"--cname=a,b,99999999999", `cannot use --cname=a,b,99999999999 (argument 1): 99999999999 is out of range: give a number from 0 to 2147483647`},
	{"--cname=a,b\n--cname=a,c", `cannot use --cname (argument 2): a is an alias of b already: remove one`},
	{"--cname=a,a", `cannot use --cname (argument 1): a leads back to itself: remove one of the options on the way`},
	{"--cname=x,a\n--cname=a,b\n--cname=b,a", `cannot use --cname (argument 1): x leads back to itself: remove one of the options on the way`},
	{"--srv-host=_a._tcp.x,t,80,1,2,3", `cannot use --srv-host=_a._tcp.x,t,80,1,2,3 (argument 1): "3" is too much: give NAME[,TARGET[,PORT[,PRIORITY[,WEIGHT]]]]`},
	{"--srv-host=_a._tcp.x,t,70000", `cannot use --srv-host=_a._tcp.x,t,70000 (argument 1): 70000 is out of range: give a number from 0 to 65535`},
	{"--srv-host=_a._tcp.x,t,80,x", `cannot use --srv-host=_a._tcp.x,t,80,x (argument 1): "x" is no number: give one from 0 to 65535`},
	{"--srv-host=_a._tcp.x,a b", `cannot use --srv-host=_a._tcp.x,a b (argument 1): "a b" has the character ' ': no name has`},
	{"--srv-host=,t", `cannot use --srv-host=,t (argument 1): a name is empty: give one`},
	{"--txt-record=,t", `cannot use --txt-record=,t (argument 1): a name is empty: give one`},
	{"--txt-record=a,\"b", `cannot use --txt-record=a,"b (argument 1): a " has no end: close it`},
	{"--ptr-record=a", `cannot use --ptr-record=a (argument 1): something is missing: give NAME,TARGET`},
	{"--ptr-record=a,b,c", `cannot use --ptr-record=a,b,c (argument 1): "c" is too much: give NAME,TARGET`},
	{"--mx-host=a,b,70000", `cannot use --mx-host=a,b,70000 (argument 1): 70000 is out of range: give a number from 0 to 65535`},
	{"--mx-host=a,b,c", `cannot use --mx-host=a,b,c (argument 1): "c" is no number: give one from 0 to 65535`},
	{"--mx-host=,b", `cannot use --mx-host=,b (argument 1): a name is empty: give one`},
	{"--mx-target=a b", `cannot use --mx-target=a b (argument 1): "a b" has the character ' ': no name has`},
	{"--naptr-record=a,1,2,s,x", `cannot use --naptr-record=a,1,2,s,x (argument 1): something is missing: give NAME,ORDER,PREFERENCE,FLAGS,SERVICE,REGEXP[,REPLACEMENT], a regexp with commas in double quotes`},
	{"--naptr-record=a,70000,2,s,x,y", `cannot use --naptr-record=a,70000,2,s,x,y (argument 1): 70000 is out of range: give a number from 0 to 65535`},
	{"--naptr-record=a,1,x,s,x,y", `cannot use --naptr-record=a,1,x,s,x,y (argument 1): "x" is no number: give one from 0 to 65535`},
	{"--caa-record=a,0,issue", `cannot use --caa-record=a,0,issue (argument 1): something is missing: give NAME,FLAGS,TAG,VALUE`},
	{"--caa-record=a,300,issue,x", `cannot use --caa-record=a,300,issue,x (argument 1): 300 is out of range: give a number from 0 to 255`},
	{"--caa-record=a,0,,x", `cannot use --caa-record=a,0,,x (argument 1): it has no tag of 1 to 255 bytes: give one such as issue`},
	{"--dns-rr=a", `cannot use --dns-rr=a (argument 1): something is missing: give NAME,TYPE[,HEX]`},
	{"--dns-rr=a,70000,01", `cannot use --dns-rr=a,70000,01 (argument 1): 70000 is out of range: give a number from 1 to 65535`},
	{"--dns-rr=a,TXT,01", `cannot use --dns-rr=a,TXT,01 (argument 1): "TXT" is no number: give one from 1 to 65535`},
	{"--dns-rr=a,51,xx", `cannot use --dns-rr=a,51,xx (argument 1): "xx" is not hexadecimal: give bytes such as 01:23:45`},
	{"--dns-rr=a,51,+1", `cannot use --dns-rr=a,51,+1 (argument 1): "+1" is not hexadecimal: give bytes such as 01:23:45`},
	{"--interface-name=a", `cannot use --interface-name=a (argument 1): something is missing: give NAME,INTERFACE[/4|/6]`},
	{"--interface-name=a,lo/5", `cannot use --interface-name=a,lo/5 (argument 1): "/5" is no family: give /4 or /6`},
	{"--interface-name=a,/4", `cannot use --interface-name=a,/4 (argument 1): it names no interface: give NAME,INTERFACE[/4|/6]`},
	// The rest.
	{"--cache-rr=FOO", `cannot use --cache-rr=FOO (argument 1): "FOO" is no record type: give a name such as TXT, or a number`},
	{"--filter-rr=70000", `cannot use --filter-rr=70000 (argument 1): no record type is 70000: give a number from 1 to 65535`},
	{"--filter-rr=TXT,", `cannot use --filter-rr=TXT, (argument 1): "" is no record type: give a name such as TXT, or a number`},
	{"--domain=a..b", `cannot use --domain=a..b (argument 1): "a..b" has a part that is empty or longer than 63 bytes: no name has`},
	{"--log-queries=foo", `cannot use --log-queries=foo (argument 1): "foo" is no kind of log: give --log-queries or --log-queries=extra`},
	{"--log-facility=foo", `cannot use --log-facility=foo (argument 1): "foo" is no syslog facility: give one such as daemon, a path, or - for stderr`},
	{"--local-service=x", `cannot use --local-service=x (argument 1): "x" is no scope: give net or host`},
	{"--addn-hosts= ", `cannot use --addn-hosts=  (argument 1): it names no file: give a path`},
}

func TestErrors(t *testing.T) {
	t.Parallel()
	for _, tc := range wrong {
		o, err := dnsmasq.ParseArgs(strings.Split(tc.args, "\n"))
		if errorText(err) != tc.want || o != nil {
			t.Errorf("%q:\n%v, %v, want\n%s", tc.args, o, err, tc.want)
		}
		if errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("%q: %v says that dnsmasq can do it", tc.args, err)
		}
	}
}

// TestErrorsEnd: a file that is none of ours must neither take long nor flood the log.
func TestErrorsEnd(t *testing.T) {
	t.Parallel()
	hosts := strings.Repeat("10.0.0.1 some-host-or-other\n", 200_000)
	begun := time.Now()
	_, err := dnsmasq.ParseFile(tree(t, "hosts", hosts), "hosts")
	if took := time.Since(begun); took > 5*time.Second {
		t.Errorf("ParseFile took %s", took)
	}
	text := strings.Split(errorText(err), "\n")
	if len(text) != 101 || text[100] != "there are more errors than these: mend them first" || !strings.Contains(text[99], "(/hosts:100)") {
		t.Errorf("%d errors, the last is %s", len(text), text[len(text)-1])
	}
	if _, err := dnsmasq.ParseArgs(strings.Split(strings.Repeat("--no=1 x ", 500), " ")); len(strings.Split(errorText(err), "\n")) != 101 {
		t.Errorf("ParseArgs: %v", err)
	}
}

func TestErrorsAllAtOnce(t *testing.T) {
	t.Parallel()
	_, err := dnsmasq.Parse("--cach-size=5 -p 70000 -k --dhcp-range 1.2.3.4,1.2.3.9 --no-hosts=1 stray -Sx --server=1.1.1.1@eth0")
	want := lines(
		`cannot use --cach-size (argument 1): there is no such option: did you mean --cache-size?`,
		`cannot use -p 70000 (argument 2): 70000 is out of range: give a number from 0 to 65535`,
		`not supported by baseinit: --dhcp-range (no DHCP here): remove it (argument 5)`,
		`cannot use --no-hosts=1 (argument 7): it takes no value: remove what follows the =`,
		`cannot use stray (argument 8): it is no option: write --NAME=VALUE, or quote a value that has blanks`,
		`cannot use -Sx (argument 9): "x" is no address, and a server's name cannot be looked up: give ADDRESS[#PORT], or /DOMAIN/ADDRESS[#PORT]`,
		`not supported by baseinit: --server=1.1.1.1@eth0 (queries have no chosen source: leave out the @ and what follows): remove it (argument 10)`,
	)
	if errorText(err) != want {
		t.Errorf("error:\n%v\nwant:\n%s", err, want)
	}
	typed, ok := errors.AsType[*dnsmasq.Error](err)
	if !ok || typed.Option != "--cach-size" || typed.From != (dnsmasq.Origin{Line: 1}) {
		t.Errorf("errors.AsType = %+v, %v", typed, ok)
	}
}
