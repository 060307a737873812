// SPDX-License-Identifier: Apache-2.0

package token_test

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rerig/rerig/lab/shop/internal/token"
)

func TestKeySetVerifiesOnlyItsOwnTokens(t *testing.T) {
	key, other := newKey(t), newKey(t)
	if err := verify(t, key.KeySet(), bearer(t, key)); err != nil {
		t.Errorf("own token: got error %v, want none", err)
	}
	if err := verify(t, key.KeySet(), bearer(t, other)); err == nil {
		t.Error("other key's token: got no error, want one")
	}
}

func TestLoadOrCreateReusesKey(t *testing.T) {
	file := filepath.Join(t.TempDir(), "key.pem")
	first, err := token.LoadOrCreate(file)
	if err != nil {
		t.Fatal(err)
	}
	second, err := token.LoadOrCreate(file)
	if err != nil {
		t.Fatal(err)
	}
	if bearer(t, first) != bearer(t, second) || first.KeySet() != second.KeySet() {
		t.Error("second load: got another key, want the same")
	}
	info, err := os.Stat(file)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o600 {
		t.Errorf("got mode %v, want 0600", info.Mode())
	}
}

func TestLoadOrCreateRejectsInvalidFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "key.pem")
	if err := os.WriteFile(file, []byte("no key"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := token.LoadOrCreate(file); err == nil || !strings.Contains(err.Error(), file) {
		t.Errorf("got error %v, want one that names the file", err)
	}
}

func newKey(t *testing.T) token.Key {
	t.Helper()
	k, err := token.New()
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func bearer(t *testing.T, k token.Key) string {
	t.Helper()
	b, err := k.Token()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// verify verifies the token as a gateway does, from the texts of the key set and the token.
func verify(t *testing.T, set, bearer string) error {
	t.Helper()
	var keys struct{ Keys []struct{ N, E string } }
	if err := json.Unmarshal([]byte(set), &keys); err != nil {
		t.Fatal(err)
	}
	number := func(s string) *big.Int { return new(big.Int).SetBytes(decode(t, s)) }
	public := &rsa.PublicKey{N: number(keys.Keys[0].N), E: int(number(keys.Keys[0].E).Int64())}
	parts := strings.Split(bearer, ".")
	sum := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	return rsa.VerifyPKCS1v15(public, crypto.SHA256, sum[:], decode(t, parts[2]))
}

func decode(t *testing.T, s string) []byte {
	t.Helper()
	b, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
