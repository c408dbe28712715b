package dnsfix_test

import (
	"context"
	"fmt"
	"net/netip"
	"os"

	"github.com/sillelien/baseinit/dnsfix"
)

// A program that is a container's entrypoint makes names resolve for itself and for all
// that it starts.
func Example() {
	root, err := os.MkdirTemp("", "example-") // "" in a container: /etc itself
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(root)

	d, err := dnsfix.New(dnsfix.Config{
		Root:    root,
		Environ: os.Environ(),
		Args:    "--host-record=db.corp.test,10.0.0.7",
		Listen:  []netip.AddrPort{netip.MustParseAddrPort("127.0.0.1:0")}, // port 53 by default
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer d.Close()
	if err := d.Boot(context.Background()); err != nil {
		fmt.Println(err)
		return
	}
	addrs, err := d.Resolver().LookupNetIP(context.Background(), "ip", "db.corp.test")
	fmt.Println(addrs, err)
	// Output: [10.0.0.7] <nil>
}
