package edge

import (
	"context"
	"net"
	"reflect"
	"testing"
	"time"
)

// limits makes a backoff that waits its longest.
func limits(base time.Duration) *backoff {
	spacing := newBackoff(base)
	spacing.random = func(below int64) int64 { return below }
	return spacing
}

func TestLimitsDoubleFiveTimes(t *testing.T) {
	spacing, now := limits(attemptBase), time.Now()
	var got []time.Duration
	for i := 0; i < 7; i++ {
		got = append(got, spacing.next(now)/time.Second)
	}
	if want := []time.Duration{2, 4, 8, 16, 32, 32, 32}; !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestAttemptsAreForgottenOnceAConnectionHasHeld(t *testing.T) {
	spacing, now := limits(reconnectBase), time.Now()
	spacing.next(now)
	spacing.connected()
	if got := spacing.next(now.Add(79 * time.Second)); got != 40*time.Second {
		t.Errorf("soon after: %v", got)
	}
	if got := spacing.next(now.Add(81 * time.Second)); got != 20*time.Second {
		t.Errorf("long after: %v", got)
	}
}

func TestConnectionsLostTogetherComeBackTogether(t *testing.T) {
	spacing := limits(10 * time.Millisecond)
	done := make(chan bool)
	for i := 0; i < 3; i++ {
		go func() { done <- spacing.wait(context.Background()) }()
	}
	for i := 0; i < 3; i++ {
		if !<-done {
			t.Error("ended early")
		}
	}
	if spacing.tried() != 1 {
		t.Errorf("counted %d attempts", spacing.tried())
	}
}

func TestWaitingEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if limits(time.Hour).wait(ctx) {
		t.Error("went on")
	}
}

func TestAConnectionKeepsItsAddressUntilItIsTakenAway(t *testing.T) {
	pool, err := static([]string{"127.0.0.1:1", "127.0.0.1:2", "no port"})
	if err != nil || pool.count() != 2 {
		t.Fatal(pool, err)
	}
	first, second := pool.of(0), pool.of(1)
	if first.Port != 1 || second.Port != 2 || pool.of(0) != first || pool.of(2) != nil {
		t.Errorf("dealt %v and %v", first, second)
	}
	pool.change(0)
	if pool.of(2) != first || pool.of(0) != nil {
		t.Error("an address given back is not dealt again")
	}
	if _, err := static([]string{"no port"}); err == nil {
		t.Error("no address at all is accepted")
	}
}

func TestAddressesOfOneFamily(t *testing.T) {
	v4, v6 := net.ParseIP("192.0.2.1"), net.ParseIP("2001:db8::1")
	for family, want := range map[string]net.IP{"4": v4, "6": v6, "auto": v6} {
		if got := ofFamily([]net.IP{v6, v4}, family); len(got) != 1 || !got[0].Equal(want) {
			t.Errorf("%s: %v", family, got)
		}
	}
}
