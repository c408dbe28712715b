package reach

import (
	"encoding/binary"
	"net"
	"os"
	"runtime"
	"syscall"
)

// The ICMP messages of a ping: RFC 792, and RFC 4443 for IPv6.
const (
	echoReply4   = 0
	echoRequest4 = 8
	echoRequest6 = 128
	echoReply6   = 129
	echoHead     = 8 // bytes: type, code, checksum, identifier, sequence number
)

// request is an echo request with that data, which has an even length. The checksum of
// ICMPv6 is the kernel's to fill in (RFC 3542, 3.1).
func request(v6 bool, id uint16, data []byte) []byte {
	b := append([]byte{echoRequest4, 0, 0, 0, byte(id >> 8), byte(id), 0, 1}, data...)
	if v6 {
		b[0] = echoRequest6
		return b
	}
	binary.BigEndian.PutUint16(b[2:], checksum(b))
	return b
}

// checksum is that of RFC 1071.
func checksum(b []byte) uint16 {
	sum := uint32(0)
	for ; len(b) >= 2; b = b[2:] {
		sum += uint32(binary.BigEndian.Uint16(b))
	}
	for sum > 0xffff {
		sum = sum>>16 + sum&0xffff
	}
	return ^uint16(sum)
}

// reply is the data that an echo reply brings back, nil for all other messages.
func reply(v6 bool, b []byte) []byte {
	want := byte(echoReply4)
	if v6 {
		want = echoReply6
	}
	if len(b) < echoHead || b[0] != want {
		return nil
	}
	return b[echoHead:]
}

// listen opens a socket for pings that needs no privilege where ping_group_range allows it (icmp(7)).
func listen(v6 bool) (net.PacketConn, error) {
	family, proto, local := syscall.AF_INET, syscall.IPPROTO_ICMP, syscall.Sockaddr(&syscall.SockaddrInet4{})
	if v6 {
		family, proto, local = syscall.AF_INET6, syscall.IPPROTO_ICMPV6, &syscall.SockaddrInet6{}
	}
	syscall.ForkLock.RLock()
	fd, err := syscall.Socket(family, syscall.SOCK_DGRAM, proto)
	if err == nil {
		syscall.CloseOnExec(fd)
	}
	syscall.ForkLock.RUnlock()
	if err != nil {
		return nil, err
	}
	f := os.NewFile(uintptr(fd), "ping")
	defer f.Close()
	if runtime.GOOS == "darwin" && !v6 {
		const stripHeader = 0x17 // IP_STRIPHDR: else the IP header is read, too
		if err := syscall.SetsockoptInt(fd, syscall.IPPROTO_IP, stripHeader, 1); err != nil {
			return nil, err
		}
	}
	if err := syscall.Bind(fd, local); err != nil {
		return nil, err
	}
	return net.FilePacketConn(f)
}
