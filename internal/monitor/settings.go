package monitor

import (
	"errors"
	"net"
	"net/netip"
	"strconv"

	"github.com/sillelien/baseinit/internal/setting"
)

// Settings are what the command line and the environment say.
type Settings struct {
	// Addr is where to listen, HOST:PORT; "": nowhere.
	Addr string
}

// List returns all settings, in the order of the documentation.
func List() []setting.Setting[Settings] {
	return []setting.Setting[Settings]{{
		Variable: "BASEINIT_HTTP", Flag: "http", Default: "off",
		Meaning: "`off`, or where /metrics, /livez and /readyz are served: `:9100` is port 9100 of all addresses, `127.0.0.1:9100` or `[::1]:9100` of one. If that cannot be, the container does not start",
		Set:     setAddr,
	}}
}

var errAddr = errors.New("it can be off, :PORT or ADDRESS:PORT, such as :9100 or 127.0.0.1:9100")

func setAddr(s *Settings, v string) error {
	s.Addr = ""
	if v == "off" {
		return nil
	}
	host, port, err := net.SplitHostPort(v)
	if err != nil {
		return errAddr
	}
	if _, err := netip.ParseAddr(host); host != "" && err != nil { // a name: nobody resolves it yet
		return errAddr
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return errAddr
	}
	s.Addr = v
	return nil
}
