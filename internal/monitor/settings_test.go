package monitor_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sillelien/baseinit/internal/monitor"
	"github.com/sillelien/baseinit/internal/setting/settingtest"
)

func TestRead(t *testing.T) { // not parallel: it sets the environment
	for _, tc := range []struct {
		name      string
		env, args []string
		want      string
	}{
		{name: "nothing"},
		{name: "empty is unset", env: []string{"BASEINIT_HTTP="}},
		{name: "off", env: []string{"BASEINIT_HTTP=off"}},
		{name: "a port", env: []string{"BASEINIT_HTTP=:9100"}, want: ":9100"},
		{name: "an address", args: []string{"--http", "127.0.0.1:9100"}, want: "127.0.0.1:9100"},
		{name: "IPv6", args: []string{"--http=[::1]:9100"}, want: "[::1]:9100"},
		{name: "the flag counts", env: []string{"BASEINIT_HTTP=:9100"}, args: []string{"--http=off"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := settingtest.Read(t, monitor.List(), tc.env, tc.args)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(monitor.Settings{Addr: tc.want}, got); diff != "" {
				t.Errorf("settings (-want +got):\n%s", diff)
			}
		})
	}
}

func TestWrongValues(t *testing.T) { // not parallel: it sets the environment
	settingtest.Refused(t, monitor.List(), "BASEINIT_HTTP=on", "BASEINIT_HTTP=9100", "BASEINIT_HTTP=localhost:9100", "BASEINIT_HTTP=:http",
		"BASEINIT_HTTP=127.0.0.1", "BASEINIT_HTTP=:65536", "BASEINIT_HTTP=::1:9100")
}

func TestDocumented(t *testing.T) {
	t.Parallel()
	settingtest.Documented(t, "../../docs/metrics.md", monitor.List())
}
