package dnsmasq_test

import (
	"fmt"

	"github.com/sillelien/baseinit/dnsfix/internal/dnsmasq"
)

func Example() {
	options, err := dnsmasq.Parse(`--server=/corp.example/10.0.0.2 -A /ads.example/ --address=/db.corp.example/10.0.0.9 -c 1000`)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, line := range options.Describe() {
		fmt.Println(line)
	}

	rules := options.Compile()
	fmt.Println(rules.ServersFor("www.corp.example").Servers)
	fmt.Println(rules.AddressFor("db.corp.example").V4, rules.ServersFor("db.corp.example").Servers)
	fmt.Println(rules.ServersFor("tracker.ads.example").Local)
	fmt.Println(rules.ServersFor("example.org").Default)

	_, err = dnsmasq.Parse("--cach-size=1000 --dhcp-range=10.0.0.2,10.0.0.9 -p http")
	fmt.Println(err)

	// Output:
	// server=/corp.example/10.0.0.2 # argument 1
	// address=/ads.example/ # argument 2
	// address=/db.corp.example/10.0.0.9 # argument 4
	// cache-size=1000 # argument 5
	// [10.0.0.2:53]
	// [10.0.0.9] [10.0.0.2:53]
	// true
	// true
	// cannot use --cach-size (argument 1): there is no such option: did you mean --cache-size?
	// not supported by baseinit: --dhcp-range (no DHCP here): remove it (argument 2)
	// cannot use -p http (argument 3): "http" is no number: give one from 0 to 65535
}
