package metrics

import (
	"net"
	"strings"
	"testing"
)

func TestTheFirstFreeAddressIsTaken(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	listener, err := firstFree([]string{taken.Addr().String(), "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	listener.Close()
	if _, err := firstFree([]string{taken.Addr().String()}); err == nil {
		t.Error("listens where another does")
	}
}

func TestWithoutAnAddressEveryInterfaceOfAContainerIsListenedOn(t *testing.T) {
	for _, address := range containerAddresses {
		if !strings.HasPrefix(address, "0.0.0.0:") {
			t.Error(address)
		}
	}
}
