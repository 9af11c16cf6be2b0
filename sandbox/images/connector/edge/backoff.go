package edge

import (
	"context"
	"math/rand"
	"sync"
	"time"
)

// backoff is how cloudflared spaces its attempts: a random time below a limit that doubles with each attempt, and starts
// again once a connection has held for a while.
type backoff struct {
	base   time.Duration
	random func(below int64) int64

	lock     sync.Mutex
	attempts uint
	forgetAt time.Time
	pending  chan struct{}
}

// maximumAttempts is where the limit stops doubling (flag retries of cloudflared).
const maximumAttempts = 5

func newBackoff(base time.Duration) *backoff {
	return &backoff{base: base, random: rand.Int63n}
}

// next is the time to wait before another attempt.
func (b *backoff) next(now time.Time) time.Duration {
	if !b.forgetAt.IsZero() && now.After(b.forgetAt) {
		b.attempts, b.forgetAt = 0, time.Time{}
	}
	if b.attempts < maximumAttempts {
		b.attempts++
	}
	return time.Duration(b.random(int64(b.base << b.attempts)))
}

// wait waits for the next attempt. Those who call while another waits go on together with it. False: the context ended.
func (b *backoff) wait(ctx context.Context) bool {
	b.lock.Lock()
	if b.pending == nil {
		done := make(chan struct{})
		b.pending = done
		time.AfterFunc(b.next(time.Now()), func() {
			b.lock.Lock()
			defer b.lock.Unlock()
			b.pending = nil
			close(done)
		})
	}
	done := b.pending
	b.lock.Unlock()
	select {
	case <-done:
		return true
	case <-ctx.Done():
		return false
	}
}

// reset forgets earlier attempts.
func (b *backoff) reset() {
	b.lock.Lock()
	defer b.lock.Unlock()
	b.attempts = 0
}

// connected forgets earlier attempts after a while without another.
func (b *backoff) connected() {
	b.lock.Lock()
	defer b.lock.Unlock()
	b.forgetAt = time.Now().Add(time.Duration(b.random(int64(b.base << (b.attempts + 2)))))
}

func (b *backoff) tried() uint8 {
	b.lock.Lock()
	defer b.lock.Unlock()
	return uint8(b.attempts)
}
