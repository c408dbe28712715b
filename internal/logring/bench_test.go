package logring_test

import (
	"strings"
	"testing"

	"github.com/sillelien/baseinit/internal/logring"
)

var hundred = []byte(strings.Repeat("x", 100))

func BenchmarkAdd(b *testing.B) {
	r := logring.New(0)
	b.ReportAllocs()
	for b.Loop() {
		r.Add("web", "stdout", 4711, hundred)
	}
}

// BenchmarkAddFollowed is the same while somebody reads.
func BenchmarkAddFollowed(b *testing.B) {
	r := logring.New(0)
	go r.Follow(b.Context(), logring.Query{}, func(logring.Line) bool { return true })
	b.ReportAllocs()
	for b.Loop() {
		r.Add("web", "stdout", 4711, hundred)
	}
}

// BenchmarkAddAbove is at the bound of all rings together: 200 services.
func BenchmarkAddAbove(b *testing.B) {
	r := logring.New(0)
	names := make([]string, 200)
	for i := range names {
		names[i] = strings.Repeat("n", i)
		for range 1000 {
			r.Add(names[i], "stdout", 1, hundred)
		}
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		r.Add(names[i%200], "stdout", 4711, hundred)
	}
}

func BenchmarkRead(b *testing.B) {
	r := logring.New(0)
	for range 1000 {
		r.Add("web", "stdout", 1, hundred)
	}
	b.ReportAllocs()
	for b.Loop() {
		if len(r.Read(logring.Query{Last: 100})) != 100 {
			b.Fatal("lines are missing")
		}
	}
}
