package schedule_test

import (
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/sillelien/baseinit/internal/schedule"
)

func TestZone(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		offset int // in July
	}{
		{"UTC", 0},
		{"Etc/UTC", 0},
		{"GMT", 0},
		{"Z", 0},
		{"+02:00", 7200},
		{"-09:30", -34200},
		{"UTC+05:45", 20700},
		{"Europe/Berlin", 7200},
	} {
		zone, err := schedule.Zone(test.name)
		if err != nil {
			t.Errorf("%s: %v", test.name, err)
			continue
		}
		if _, offset := time.Date(2026, 7, 1, 0, 0, 0, 0, zone).Zone(); offset != test.offset {
			t.Errorf("%s: offset %d, want %d", test.name, offset, test.offset)
		}
	}
}

// TestMissingFiles: an image without zone files is the usual one.
func TestMissingFiles(t *testing.T) {
	t.Parallel()
	none, some := t.TempDir()+"/none", t.TempDir()
	for dir, want := range map[string]string{
		none: `there is no time zone "Europe/Berlin", as the image has no zone files: install them (apk add tzdata,`,
		some: `there is no time zone "Europe/Berlin" in ` + some,
	} {
		if err := schedule.Unknown("Europe/Berlin", []string{dir}); !strings.HasPrefix(err.Error(), want) {
			t.Errorf("got %q, want %q", err, want)
		}
	}
}

// TestContainersZone: Go reads $TZ once, so each case is a process.
func TestContainersZone(t *testing.T) {
	t.Parallel()
	for tz, want := range map[string]string{
		"":                 "+0000",
		"UTC":              "+0000",
		"Europe/Berlin":    "+0200",
		":Europe/Berlin":   "+0200",
		"Nowhere/Here":     `cannot use the container's time zone, $TZ: there is no time zone "Nowhere/Here"`,
		"CET-1CEST,M3.5.0": `there is no time zone "CET-1CEST,M3.5.0"`,
	} {
		cmd := exec.Command("/proc/self/exe", "-test.run=^$")
		cmd.Env = []string{"TZ=" + tz, helper + "=1"}
		out, err := cmd.CombinedOutput()
		if err != nil || !strings.Contains(string(out), want) || !strings.HasSuffix(string(out), "@every 90s UTC") {
			t.Errorf("TZ=%s: %q %v, want %q, and a duration in any case", tz, out, err, want)
		}
	}
}

// helper makes the test binary print the offset of the container's zone in July.
const helper = "SCHEDULE_TEST_ZONE"

func TestMain(m *testing.M) {
	if os.Getenv(helper) == "" {
		os.Exit(m.Run())
	}
	zone, err := schedule.Zone("")
	if err != nil {
		os.Stdout.WriteString(err.Error())
	} else {
		os.Stdout.WriteString(time.Date(2026, 7, 1, 0, 0, 0, 0, zone).Format("-0700"))
	}
	if every, err := schedule.Parse("@every 90s", ""); err == nil {
		os.Stdout.WriteString(" " + every.String())
	}
}
