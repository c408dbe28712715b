package check

import (
	"encoding/json"
	"io"
)

// WriteJSON prints the findings as one JSON object.
func (r *Report) WriteJSON(w io.Writer) error {
	n := r.counts()
	out := json.NewEncoder(w)
	out.SetEscapeHTML(false)
	return out.Encode(struct {
		Files    int       `json:"files"`
		Services int       `json:"services"`
		Errors   int       `json:"errors"`
		Warnings int       `json:"warnings"`
		Notes    int       `json:"notes"`
		Findings []Finding `json:"findings"`
	}{r.Files, r.Services, n[Error], n[Warning], n[Info], r.Findings()})
}
