package view_test

import (
	"time"

	"github.com/sillelien/baseinit/internal/control/api"
)

var began = time.Date(2026, 11, 27, 10, 12, 3, 0, time.UTC)

// shop is a boot with all that there can be in one: scripts, oneshots, readiness, what waits
// for what, one that crashes twice, one that fails, one that waits for it in vain.
func shop() api.Timeline {
	return api.Timeline{
		Began: began, Ended: 1.2041, Until: 1.31,
		Spans: []api.Span{
			{Kind: "stage", Name: "prepare", End: 0.0021, Critical: true},
			{Kind: "stage", Name: "dns", Start: 0.0021, End: 0.00211, Critical: true},
			{Kind: "stage", Name: "hook", Start: 0.00211, End: 0.00211, Critical: true},
			{Kind: "stage", Name: "fix-attrs", Start: 0.00211, End: 0.00305, Critical: true},
			{Kind: "stage", Name: "cont-init", Start: 0.00305, End: 0.314, Critical: true},
			{Kind: "script", Name: "cont-init.d/10-config", Start: 0.0031, Run: 0.0031, Ready: 0.0672, End: 0.0672, Critical: true},
			{Kind: "script", Name: "cont-init.d/20-certificates", Start: 0.0672, Run: 0.0672, Ready: 0.3139, End: 0.3139, Critical: true},
			{Kind: "stage", Name: "services", Start: 0.314, End: 1.2041},
			{Kind: "service", Name: "database", Start: 0.3142, Run: 0.3161, Ready: 0.7319, Critical: true},
			{Kind: "service", Name: "migrate", Start: 0.3142, Run: 0.7334, Ready: 0.9412, End: 0.9412, Requires: []string{"database"}, Critical: true},
			{Kind: "service", Name: "api", Start: 0.3142, Run: 0.9431, Ready: 1.2022, Requires: []string{"migrate", "cache"}, Critical: true},
			{Kind: "service", Name: "cache", Start: 0.3142, Run: 0.8122, Ready: 0.8617, Tries: 3, Earlier: []api.Run{
				{Start: 0.3172, End: 0.4011, Text: "exited with code 1"}, {Start: 0.5513, End: 0.6001, Text: "exited with code 1"},
			}},
			{Kind: "service", Name: "metrics", Start: 0.3142, Run: 0.3177, Ready: 0.3177},
			{Kind: "service", Name: "mail", Start: 0.3142, Run: 0.3191, End: 0.3301, Failed: "exited with code 78"},
			{Kind: "service", Name: "newsletter", Start: 0.3142, Failed: "requires mail, which is failed", Requires: []string{"mail"}},
			{Kind: "service", Name: "search-index", Start: 0.3142, Run: 0.3203, Ready: 1.31},
			{Kind: "service", Name: "CMD", Start: 0.3142, Run: 1.2041, Ready: 1.2041, After: []string{"api", "database", "migrate"}, Critical: true},
		},
	}
}
