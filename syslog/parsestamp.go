package syslog

// cutStamp splits a time off s, and the blank after it. Without one it gives nil
// and s.
func cutStamp(s []byte) (stamp, rest []byte) {
	n := isoStamp(s)
	if n == 0 {
		n = bsdStamp(s)
	}
	switch {
	case n == 0:
		return nil, s
	case n == len(s):
		return s, s[n:]
	case s[n] == ' ':
		return s[:n], s[n+1:]
	}
	return nil, s
}

// isoStamp is how long the stamp of RFC 3339 is that s starts with, or 0. Its
// zone may be missing, or have no colon.
func isoStamp(s []byte) int {
	const date = "0000-00-00T"
	if !like(s, date) || !within(s[5:7], "01", "12") || !within(s[8:10], "01", "31") {
		return 0
	}
	n := clock(s[len(date):])
	if n == 0 {
		return 0
	}
	n += len(date)
	switch zone := s[n:]; {
	case like(zone, "Z"):
		return n + len("Z")
	case like(zone, "+00:00"), like(zone, "-00:00"):
		return n + len("+00:00")
	case like(zone, "+0000"), like(zone, "-0000"):
		return n + len("+0000")
	}
	return n
}

// bsdStamp is how long the stamp of RFC 3164 is that s starts with, or 0: "Jan  2
// 15:04:05". Some senders do not pad the day, or put the year after it.
func bsdStamp(s []byte) int {
	if len(s) < len("Jan 2 15:04:05") || !isMonth(s[:3]) || s[3] != ' ' {
		return 0
	}
	n := len("Jan ")
	if s[n] == ' ' {
		n++
	}
	day := digits(s[n:])
	if day < 1 || day > 2 || !like(s[n+day:], " ") {
		return 0
	}
	n += day + 1
	if like(s[n:], "0000 ") {
		n += len("0000 ")
	}
	ofDay := clock(s[n:])
	if ofDay == 0 {
		return 0
	}
	return n + ofDay
}

// isMonth says whether s is the name of a month in the C locale.
func isMonth(s []byte) bool {
	switch string(s) {
	case "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec":
		return true
	}
	return false
}

// clock is how long the time of day is that s starts with, hh:mm:ss and maybe a
// fraction, or 0. It knows leap seconds.
func clock(s []byte) int {
	const seconds = "00:00:00"
	if !like(s, seconds) || !within(s[:2], "00", "23") || !within(s[3:5], "00", "59") || !within(s[6:8], "00", "60") {
		return 0
	}
	n := len(seconds)
	if like(s[n:], ".0") {
		n += 1 + digits(s[n+1:])
	}
	return n
}

// within says whether the digits s are from low to high, of the same length.
func within(s []byte, low, high string) bool {
	return low <= string(s) && string(s) <= high
}

// like says whether s starts as the pattern says, in which a 0 is any digit.
func like(s []byte, pattern string) bool {
	if len(s) < len(pattern) {
		return false
	}
	for i := range len(pattern) {
		switch c := s[i]; {
		case pattern[i] != '0':
			if c != pattern[i] {
				return false
			}
		case c < '0' || '9' < c:
			return false
		}
	}
	return true
}
