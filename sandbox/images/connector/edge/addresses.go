package edge

import (
	"errors"
	"fmt"
	"math/rand"
	"net"
	"sync"
)

// addresses are where Cloudflare's network can be reached. Each connection has one of its own.
type addresses struct {
	lock sync.Mutex
	free []*net.TCPAddr
	used map[uint8]*net.TCPAddr
}

// static resolves addresses given as host:port. Those that cannot be resolved are left out.
func static(hosts []string) (*addresses, error) {
	found := &addresses{used: map[uint8]*net.TCPAddr{}}
	var failure error
	for _, host := range hosts {
		address, err := net.ResolveTCPAddr("tcp", host)
		if err != nil {
			failure = err
			continue
		}
		found.free = append(found.free, address)
	}
	if len(found.free) == 0 {
		return nil, fmt.Errorf("no address of the edge: %w", failure)
	}
	return found, nil
}

// discover asks DNS, as every connector does that was given no address: two regions, each with some addresses. They are
// dealt so that connections spread over both.
func discover(family string) (*addresses, error) {
	_, regions, err := net.LookupSRV("v2-origintunneld", "tcp", "argotunnel.com")
	if err != nil {
		return nil, fmt.Errorf("cannot find the edge: %w", err)
	}
	if len(regions) < 2 {
		return nil, fmt.Errorf("cannot find the edge: 2 regions expected, DNS gave %d", len(regions))
	}
	var dealt [2][]*net.TCPAddr
	for i, region := range regions[:2] {
		hosts, err := net.LookupIP(region.Target)
		if err != nil {
			return nil, fmt.Errorf("cannot find the edge: %w", err)
		}
		for _, ip := range ofFamily(hosts, family) {
			dealt[i] = append(dealt[i], &net.TCPAddr{IP: ip, Port: int(region.Port)})
		}
		rand.Shuffle(len(dealt[i]), func(a, b int) { dealt[i][a], dealt[i][b] = dealt[i][b], dealt[i][a] })
	}
	found := &addresses{used: map[uint8]*net.TCPAddr{}}
	for turn := 0; turn < len(dealt[0]) || turn < len(dealt[1]); turn++ {
		for _, region := range dealt {
			if turn < len(region) {
				found.free = append(found.free, region[turn])
			}
		}
	}
	if len(found.free) == 0 {
		return nil, errors.New("cannot find the edge: DNS gave no address")
	}
	return found, nil
}

// ofFamily keeps addresses of IP version "4" or "6"; "auto" keeps those of the first one's version.
func ofFamily(hosts []net.IP, family string) []net.IP {
	if len(hosts) == 0 {
		return nil
	}
	wantsV4 := family == "4" || family != "6" && hosts[0].To4() != nil
	var kept []net.IP
	for _, ip := range hosts {
		if (ip.To4() != nil) == wantsV4 {
			kept = append(kept, ip)
		}
	}
	return kept
}

func (a *addresses) count() int { return len(a.free) + len(a.used) }

// of gives a connection the address it had, or a free one.
func (a *addresses) of(index uint8) *net.TCPAddr {
	a.lock.Lock()
	defer a.lock.Unlock()
	if a.used[index] == nil && len(a.free) > 0 {
		a.used[index], a.free = a.free[0], a.free[1:]
	}
	return a.used[index]
}

// change takes a connection's address away, so that it gets another one where there is one.
func (a *addresses) change(index uint8) {
	a.lock.Lock()
	defer a.lock.Unlock()
	if old := a.used[index]; old != nil {
		a.free = append(a.free, old)
		delete(a.used, index)
	}
}
