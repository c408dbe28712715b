package dnsmasq

import "strings"

// nearest returns the name that takes the fewest changes to become s: letters
// added, removed, replaced or swapped with their neighbour, whatever their case. ok is false when even
// that is another word rather than a slip.
func nearest(s string, names []string) (name string, ok bool) {
	if len(s) > 64 { // no name is half as long; distance takes quadratic time
		return "", false
	}
	limit := max(1, len(s)/3) + 1
	s = strings.ToLower(s)
	for _, n := range names {
		if d := distance(s, strings.ToLower(n)); d < limit {
			name, limit = n, d
		}
	}
	return name, name != ""
}

// distance is the optimal string alignment distance of a and b.
func distance(a, b string) int {
	before, last := make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := range len(a) {
		row := make([]int, len(b)+1)
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			row[j+1] = min(last[j]+cost, last[j+1]+1, row[j]+1)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
		before, last = last, row
	}
	return last[len(b)]
}
