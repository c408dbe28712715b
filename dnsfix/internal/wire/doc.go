// Package wire reads, patches and builds DNS messages as the bytes they are (RFC
// 1035). A caller gets a client's question with [ParseQuery], an upstream's answer,
// checked and freed of what was not asked for, with [ParseAnswer], and the bytes to
// send with [Stored.AppendReply] (any number of times) or a [Builder] (local data).
//
// What surprises is that nothing here unpacks a message into records. An answer is
// kept in one normal form: lower-case question, records in the order of the CNAME
// chain, owner names as pointers below offset 0x1FF (musl before 1.2.5 takes no
// others), no additional section. A cached answer then becomes a reply by copying it
// and overwriting ID, flags, the question in the client's own case, and the TTLs:
// no allocation, some ten nanoseconds. So a Query and its Question are valid only
// while the datagram is that they were parsed from; an Answer has memory of its own.
//
// No input makes this package panic or loop.
package wire

import "encoding/binary"

// Sizes in bytes.
const (
	MinUDP     = 512   // what every client takes, RFC 1035 2.3.4
	MaxUDP     = 1232  // what is sent at most over UDP: no fragments, DNS flag day 2020
	MaxMessage = 65535 // what fits in TCP's length field; Query.Limit of a TCP client
	MaxName    = 255
	MaxKey     = MaxName + 5 // of Query.AppendKey

	headerLen = 12
	optLen    = 11
)

// Record types that this project treats in a way of their own (IANA, RFC 1035 and
// the RFC named).
const (
	TypeA     = 1
	TypeNS    = 2
	TypeCNAME = 5
	TypeSOA   = 6
	TypePTR   = 12
	TypeHINFO = 13
	TypeMX    = 15
	TypeTXT   = 16
	TypeAAAA  = 28  // RFC 3596
	TypeSRV   = 33  // RFC 2782
	TypeDNAME = 39  // RFC 6672
	TypeOPT   = 41  // RFC 6891
	TypeANY   = 255 // RFC 8482

	typeRRSIG = 46 // RFC 4034
	typeNSEC  = 47
	typeNSEC3 = 50  // RFC 5155
	typeTKEY  = 249 // the first of those that are questions only, or no data
)

// Classes.
const (
	ClassIN    = 1
	ClassCHAOS = 3
)

// Response codes (RFC 1035 4.1.1, RFC 6891 9).
const (
	RcodeSuccess  = 0
	RcodeFormErr  = 1
	RcodeServFail = 2
	RcodeNXDomain = 3
	RcodeNotImp   = 4
	RcodeRefused  = 5
	RcodeBadVers  = 16
)

// Bits of the header's second word (RFC 1035 4.1.1, RFC 4035 3.2).
const (
	FlagAA = 1 << 10 // the server owns the name
	FlagTC = 1 << 9  // not all of it
	FlagRD = 1 << 8  // recursion is asked for
	FlagRA = 1 << 7  // and had here
	FlagAD = 1 << 5  // the upstream has validated it
	FlagCD = 1 << 4  // validation is not asked for

	flagQR     = 1 << 15
	maskOpcode = 0xF << 11
	maskRcode  = 0xF
)

func be16(b []byte) uint16 { return binary.BigEndian.Uint16(b) }
func be32(b []byte) uint32 { return binary.BigEndian.Uint32(b) }

func put16(b []byte, v uint16) { binary.BigEndian.PutUint16(b, v) }
func put32(b []byte, v uint32) { binary.BigEndian.PutUint32(b, v) }

func append16(b []byte, v uint16) []byte { return binary.BigEndian.AppendUint16(b, v) }
func append32(b []byte, v uint32) []byte { return binary.BigEndian.AppendUint32(b, v) }

// The places of the counts in the header.
const (
	qdCount = 4
	anCount = 6
	nsCount = 8
	arCount = 10
)

func increment(msg []byte, count int) { put16(msg[count:], be16(msg[count:])+1) }
