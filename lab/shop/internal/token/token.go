// SPDX-License-Identifier: Apache-2.0

package token

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/big"
)

const (
	// Issuer is the issuer of the tokens.
	Issuer = "https://shop.example"
	// Subject is the subject of the token.
	Subject = "ada"
	// keyID is the key's ID. A forged token has the same ID.
	keyID = "shop"
	// expires is the first second of 2100. A fixed date gives the same token for the same key.
	expires = 4102444800
)

// KeySet returns the public key as a JSON Web Key Set (RFC 7517).
func (k Key) KeySet() string {
	public := k.private.PublicKey
	set := map[string]any{"keys": []any{map[string]string{
		"kty": "RSA", "use": "sig", "alg": "RS256", "kid": keyID,
		"n": encode(public.N.Bytes()),
		"e": encode(big.NewInt(int64(public.E)).Bytes()),
	}}}
	return string(marshal(set))
}

// Token returns a JSON Web Token (RFC 7519, RS256) for Subject.
func (k Key) Token() (string, error) {
	head := encode(marshal(map[string]string{"alg": "RS256", "kid": keyID, "typ": "JWT"}))
	body := encode(marshal(map[string]any{"iss": Issuer, "sub": Subject, "exp": expires}))
	sum := sha256.Sum256([]byte(head + "." + body))
	signature, err := rsa.SignPKCS1v15(nil, k.private, crypto.SHA256, sum[:])
	if err != nil {
		return "", fmt.Errorf("sign the token: %w", err)
	}
	return head + "." + body + "." + encode(signature), nil
}

func encode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// marshal encodes maps that cannot fail, with sorted keys.
func marshal(v any) []byte {
	text, _ := json.Marshal(v)
	return text
}
