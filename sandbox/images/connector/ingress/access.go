package ingress

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/coreos/go-oidc/v3/oidc"
)

// AccessCheck verifies the token that Cloudflare Access puts into a request it lets through.
type AccessCheck struct {
	verifier  *oidc.IDTokenVerifier
	audiences []string
}

// newAccessCheck returns nil where nothing is required. Keys are fetched with the first token, again for a token with an
// unknown key, and kept when they cannot be fetched.
func newAccessCheck(access *Access) (*AccessCheck, error) {
	if access == nil || !access.Required {
		return nil, nil
	}
	// Neither a team nor an audience is allowed, and refuses every request.
	if access.TeamName == "" && len(access.AudTag) > 0 {
		return nil, errors.New("access has an audience and no teamName")
	}
	domain := "cloudflareaccess.com"
	if access.Environment == "fed" {
		domain = "fed.cloudflareaccess.com"
	}
	issuer := fmt.Sprintf("https://%s.%s", access.TeamName, domain)
	keys := oidc.NewRemoteKeySet(context.Background(), issuer+"/cdn-cgi/access/certs")
	// A token may be meant for several audiences, which the library's own check does not know.
	verifier := oidc.NewVerifier(issuer, keys, &oidc.Config{SkipClientIDCheck: true})
	return &AccessCheck{verifier, access.AudTag}, nil
}

// Refusal says why a request is answered with 403: it has no token, or a good one for somebody else. Only the header
// counts, a cookie does not.
//
// Errors: a token that cannot be verified, which is answered with 502.
func (c *AccessCheck) Refusal(request *http.Request) (string, error) {
	text := request.Header.Get("Cf-Access-Jwt-Assertion")
	if text == "" {
		return "no access token in request", nil
	}
	token, err := c.verifier.Verify(request.Context(), text)
	if err != nil {
		return "", err
	}
	for _, meant := range token.Audience {
		for _, accepted := range c.audiences {
			if meant == accepted {
				return "", nil
			}
		}
	}
	return fmt.Sprintf("token is for audience %v", token.Audience), nil
}
