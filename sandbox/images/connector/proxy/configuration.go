package proxy

import (
	"encoding/json"
	"sync"

	"creel/sandbox/images/connector/ingress"
)

// Configuration is the tunnel's rules in force, replaced as a whole.
type Configuration struct {
	lock    sync.RWMutex
	version int32
	current ingress.Rules
}

// Reset goes back to a connector that was told nothing yet: version -1, every request answered with 503.
func (c *Configuration) Reset() {
	c.lock.Lock()
	defer c.lock.Unlock()
	c.version, c.current = -1, ingress.Unconfigured()
}

// Update puts a pushed configuration in force, for new requests at once. One that is not newer is ignored, one that is not
// valid leaves the old rules as they are. The version in force is returned in any case.
func (c *Configuration) Update(version int32, text []byte) (applied int32, changed bool, err error) {
	c.lock.Lock()
	defer c.lock.Unlock()
	if version <= c.version {
		return c.version, false, nil
	}
	rules, err := ingress.Parse(text)
	if err != nil {
		return c.version, false, err
	}
	c.version, c.current = version, rules
	return version, true, nil
}

func (c *Configuration) rules() ingress.Rules {
	c.lock.RLock()
	defer c.lock.RUnlock()
	return c.current
}

// Version is that of the configuration in force, -1 for none.
func (c *Configuration) Version() int32 {
	c.lock.RLock()
	defer c.lock.RUnlock()
	return c.version
}

// Shown is what the metrics server says under /config: the rules with every setting they inherit.
func (c *Configuration) Shown() ([]byte, error) {
	c.lock.RLock()
	defer c.lock.RUnlock()
	return json.Marshal(map[string]any{"version": c.version, "config": map[string]any{
		"ingress": c.current.Rules, "originRequest": c.current.Defaults, "warp-routing": struct{}{},
	}})
}

// Local is the configuration in force as a document of its own, with the settings of each rule spelt out.
func (c *Configuration) Local() []byte {
	c.lock.RLock()
	defer c.lock.RUnlock()
	text, _ := json.Marshal(map[string]any{"ingress": c.current.Rules, "warp-routing": struct{}{}})
	return text
}
