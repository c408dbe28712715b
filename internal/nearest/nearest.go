// Package nearest finds the word that somebody meant who wrote another.
package nearest

import "strings"

// Of gives the word that takes the fewest changes to become s: letters added, removed,
// replaced or swapped with their neighbour, whatever their case. It is "" when even that is
// another word rather than a slip.
func Of(s string, words []string) string {
	if len(s) > 64 { // Distance takes quadratic time
		return ""
	}
	best, limit := "", max(1, len(s)/3)+1
	s = strings.ToLower(s)
	for _, w := range words {
		if d := Distance(s, strings.ToLower(w)); d < limit {
			best, limit = w, d
		}
	}
	return best
}

// Hint is what is said after a word that nobody knows: `: did you mean "status"?`, or "".
func Hint(s string, words []string) string {
	if word := Of(s, words); word != "" {
		return `: did you mean "` + word + `"?`
	}
	return ""
}

// Distance is the optimal string alignment distance of a and b, in bytes: how many must be changed,
// added or taken away, or swapped with their neighbour, to make one the other.
func Distance(a, b string) int {
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
