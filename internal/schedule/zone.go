package schedule

import (
	"fmt"
	"os"
	"strings"
	"time"
)

// directories are where package time looks for zone files.
var directories = [...]string{"/usr/share/zoneinfo", "/usr/share/lib/zoneinfo", "/etc/zoneinfo"}

// Zone finds a time zone: "Europe/Berlin" and the like, of the zone files of the image; UTC
// and fixed offsets such as "+05:30" are known without them. Default: the zone of
// the container, which is that of $TZ or /etc/localtime, else UTC.
func Zone(name string) (*time.Location, error) {
	if name == "" {
		return local()
	}
	if utc(name) {
		return time.UTC, nil
	}
	if t, err := time.Parse("-07:00", strings.TrimPrefix(name, "UTC")); err == nil {
		_, offset := t.Zone()
		return time.FixedZone(name, offset), nil
	}
	zone, err := time.LoadLocation(name)
	if err != nil || name == "Local" {
		return nil, unknown(name, directories[:])
	}
	return zone, nil
}

// local is the container's own zone. Go takes UTC without a word for a $TZ that it
// cannot find.
func local() (*time.Location, error) {
	tz, _ := os.LookupEnv("TZ")
	tz = strings.TrimPrefix(tz, ":")
	if tz != "" && !utc(tz) && time.Local.String() == "UTC" {
		return nil, fmt.Errorf("cannot use the container's time zone, $TZ: %w", unknown(tz, directories[:]))
	}
	return time.Local, nil
}

func utc(name string) bool {
	switch name {
	case "UTC", "Etc/UTC", "GMT", "Etc/GMT", "Z", "Zulu", "Etc/Zulu", "UCT", "Etc/UCT", "Universal", "Etc/Universal":
		return true
	}
	return false
}

// unknown says what is missing: the zone, or all of them.
func unknown(name string, dirs []string) error {
	for _, dir := range dirs {
		if info, err := os.Stat(dir); err == nil && info.IsDir() {
			return fmt.Errorf("there is no time zone %q in %s: write it as Europe/Berlin, UTC or +02:00", name, dir)
		}
	}
	return fmt.Errorf("there is no time zone %q, as the image has no zone files: install them (apk add tzdata, "+
		"apt-get install tzdata) or mount /usr/share/zoneinfo, or use UTC or an offset such as +02:00", name)
}
