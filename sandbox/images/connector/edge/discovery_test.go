package edge

import (
	"context"
	"net"
	"strings"
	"testing"

	"golang.org/x/net/dns/dnsmessage"
)

// names answers DNS on loopback: a region for each list of addresses.
func names(t *testing.T, regions map[string][]string) {
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	usual := net.DefaultResolver
	net.DefaultResolver = &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "udp", conn.LocalAddr().String())
	}}
	t.Cleanup(func() { conn.Close(); net.DefaultResolver = usual })
	go func() {
		packet := make([]byte, 1500)
		for {
			length, from, err := conn.ReadFrom(packet)
			if err != nil {
				return
			}
			var message dnsmessage.Message
			if message.Unpack(packet[:length]) != nil {
				continue
			}
			message.Response, message.Additionals = true, nil
			message.Answers = answers(message.Questions[0], regions)
			if packed, err := message.Pack(); err == nil {
				conn.WriteTo(packed, from)
			}
		}
	}()
}

func answers(question dnsmessage.Question, regions map[string][]string) (found []dnsmessage.Resource) {
	header := dnsmessage.ResourceHeader{Name: question.Name, Class: dnsmessage.ClassINET, TTL: 60}
	name := question.Name.String()
	switch question.Type {
	case dnsmessage.TypeSRV:
		for region := range regions {
			if name == "_v2-origintunneld._tcp.argotunnel.com." {
				target := dnsmessage.MustNewName(region)
				found = append(found, dnsmessage.Resource{Header: header, Body: &dnsmessage.SRVResource{Port: 7844, Target: target}})
			}
		}
	case dnsmessage.TypeA:
		for _, address := range regions[name] {
			var ip [4]byte
			copy(ip[:], net.ParseIP(address).To4())
			found = append(found, dnsmessage.Resource{Header: header, Body: &dnsmessage.AResource{A: ip}})
		}
	}
	return found
}

func TestDNSGivesAddressesOfTwoRegionsInTurn(t *testing.T) {
	names(t, map[string][]string{
		"region1.v2.argotunnel.com.": {"192.0.2.11", "192.0.2.12", "192.0.2.13"},
		"region2.v2.argotunnel.com.": {"192.0.2.21", "192.0.2.22"},
	})
	found, err := discover("auto")
	if err != nil || found.count() != 5 {
		t.Fatalf("%+v %v", found, err)
	}
	region := func(index uint8) string { return strings.TrimSuffix(found.of(index).String(), ":7844")[:9] }
	for index := uint8(0); index < 4; index += 2 {
		if region(index) == region(index+1) {
			t.Errorf("connections %d and %d are both in %s", index, index+1, region(index))
		}
	}
}

func TestOneRegionIsNotEnough(t *testing.T) {
	names(t, map[string][]string{"region1.v2.argotunnel.com.": {"192.0.2.11"}})
	if _, err := discover("auto"); err == nil {
		t.Error("accepted")
	}
}

func TestAddressesOfTheOtherFamilyAreNoAddresses(t *testing.T) {
	names(t, map[string][]string{"region1.v2.argotunnel.com.": {"192.0.2.11"}, "region2.v2.argotunnel.com.": {"192.0.2.21"}})
	if _, err := discover("6"); err == nil {
		t.Error("accepted")
	}
}
