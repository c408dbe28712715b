package applet_test

import (
	"os"
	"os/exec"
	"testing"
)

// BenchmarkLog logs lines of 200 bytes from a pipe to a directory, each with a time stamp.
func BenchmarkLog(b *testing.B) {
	ours, theirs := programs(b)
	chunk := []byte(numbered(300))
	for _, tt := range []struct{ name, program string }{{"ours", ours}, {"real", theirs}} {
		b.Run(tt.name, func(b *testing.B) {
			cmd := &exec.Cmd{Path: tt.program, Args: []string{"s6-log", "-b", "n5", "s10000000", "T", "./d"}, Dir: b.TempDir(), Stderr: os.Stderr}
			in, err := cmd.StdinPipe()
			if err != nil {
				b.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				b.Fatal(err)
			}
			b.SetBytes(int64(len(chunk)))
			for b.Loop() {
				if _, err := in.Write(chunk); err != nil {
					b.Fatal(err)
				}
			}
			in.Close()
			if err := cmd.Wait(); err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(cmd.ProcessState.UserTime().Seconds()*1e9/float64(b.N*300), "cpu-ns/line")
		})
	}
}
