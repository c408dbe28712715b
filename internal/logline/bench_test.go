package logline_test

import (
	"bytes"
	"io"
	"os"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/sillelien/baseinit/internal/logline"
)

var hundred = append(bytes.Repeat([]byte{'x'}, 99), '\n')

func BenchmarkWrite(b *testing.B) {
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		b.Fatal(err)
	}
	defer null.Close()
	w := logline.New(int(null.Fd()), logline.Config{})
	b.ReportAllocs()
	b.SetBytes(int64(len(hundred)))
	for b.Loop() {
		w.Write(hundred)
	}
	b.StopTimer()
	mustClose(b, w)
}

// BenchmarkPipe waits for room as a caller cannot, so that every line arrives.
func BenchmarkPipe(b *testing.B) {
	p := newPipe(b)
	w := logline.New(p.fd(), logline.Config{})
	done := make(chan error)
	go func() {
		_, err := io.CopyBuffer(struct{ io.Writer }{io.Discard}, struct{ io.Reader }{p.r}, make([]byte, 64<<10))
		done <- err
	}()
	b.ReportAllocs()
	b.SetBytes(int64(len(hundred)))
	for b.Loop() {
		w.Write(hundred)
		for w.Stats().Waiting > 5000 {
			time.Sleep(20 * time.Microsecond)
		}
	}
	mustClose(b, w)
	b.StopTimer()
	p.w.Close()
	if err := <-done; err != nil {
		b.Error(err)
	}
	if n := w.Stats().Dropped; n > 0 {
		b.Errorf("%d lines dropped", n)
	}
}

func BenchmarkCore(b *testing.B) {
	for _, tc := range []struct {
		name   string
		format logline.Format
	}{{"text", logline.Text}, {"json", logline.JSON}} {
		b.Run(tc.name, func(b *testing.B) {
			logger := zap.New(logline.NewCore(io.Discard, tc.format, zapcore.InfoLevel))
			b.ReportAllocs()
			for b.Loop() {
				logger.Info("web: started, pid 77", zap.String("path", "/etc/services.d/web/run"), zap.Int("code", 7))
			}
		})
	}
}
