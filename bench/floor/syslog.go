//go:build linux

package main

import (
	"bytes"
	"os"
	"syscall"
	"unsafe"
)

const (
	batch   = 64
	longest = 8192
)

// A mmsghdr is that of recvmmsg(2).
type mmsghdr struct {
	hdr syscall.Msghdr
	len uint32
}

// sink is the least that a syslog sink must do: it takes from /dev/log as many datagrams as wait there, and writes them
// to stdout, each as a line without its PRI, in one write.
func sink() {
	fd, err := syscall.Socket(syscall.AF_UNIX, syscall.SOCK_DGRAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil || syscall.Bind(fd, &syscall.SockaddrUnix{Name: "/dev/log"}) != nil {
		os.Exit(1)
	}
	var datagrams [batch][longest]byte
	var vectors [batch]syscall.Iovec
	var messages [batch]mmsghdr
	for i := range messages {
		vectors[i].Base = &datagrams[i][0]
		vectors[i].SetLen(longest)
		messages[i].hdr.Iov, messages[i].hdr.Iovlen = &vectors[i], 1
	}
	var lines []byte
	for {
		const waitForOne = 0x10000 // MSG_WAITFORONE
		n, _, errno := syscall.Syscall6(syscall.SYS_RECVMMSG, uintptr(fd), uintptr(unsafe.Pointer(&messages)), batch, waitForOne, 0, 0)
		if errno == syscall.EINTR {
			continue
		}
		if errno != 0 {
			os.Exit(1)
		}
		lines = lines[:0]
		for i := range n {
			datagram := datagrams[i][:messages[i].len]
			lines = append(lines, datagram[bytes.IndexByte(datagram, '>')+1:]...)
			lines = append(lines, '\n')
		}
		if _, err := os.Stdout.Write(lines); err != nil {
			os.Exit(1)
		}
	}
}
