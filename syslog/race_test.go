//go:build race

package syslog_test

// underRace tells that all takes longer.
const underRace = true
