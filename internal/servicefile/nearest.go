package servicefile

// nearest gives the name that is closest to a word, or "" if none is close enough to have
// been meant.
func nearest(word string, names []string) (name string) {
	if len(word) > 40 { // longer than any key
		return ""
	}
	best := max(2, len(word)/3+1)
	for _, n := range names {
		if d := edits(word, n); d < best {
			name, best = n, d
		}
	}
	return name
}

// edits is how many bytes must be added, removed, changed or swapped with their
// neighbour to make b of a.
func edits(a, b string) int {
	rows := make([][]int, len(a)+1)
	for i := range rows {
		rows[i] = make([]int, len(b)+1)
		rows[i][0] = i
	}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		for j := 1; j <= len(b); j++ {
			changed := rows[i-1][j-1]
			if a[i-1] != b[j-1] {
				changed++
			}
			least := min(rows[i-1][j]+1, rows[i][j-1]+1, changed)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				least = min(least, rows[i-2][j-2]+1)
			}
			rows[i][j] = least
		}
	}
	return rows[len(a)][len(b)]
}
