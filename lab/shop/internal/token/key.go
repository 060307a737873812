// SPDX-License-Identifier: Apache-2.0

// Package token makes the shop's key pair, the key set that the gateway checks with, and the token that it lets in.
// The key is made where the shop is applied and is in no repository.
package token

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// Key signs.
type Key struct{ private *rsa.PrivateKey }

// New makes a fresh key.
func New() (Key, error) {
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return Key{}, fmt.Errorf("make a signing key: %w", err)
	}
	return Key{private}, nil
}

// LoadOrCreate reads the key from the file, or makes one and writes it there, for its owner's eyes only, when there is
// no such file: the same file always gives the same manifests.
func LoadOrCreate(file string) (Key, error) {
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return create(file)
	}
	if err != nil {
		return Key{}, fmt.Errorf("read the signing key: %w", err)
	}
	return parse(file, text)
}

func create(file string) (Key, error) {
	key, err := New()
	if err != nil {
		return Key{}, err
	}
	block := &pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key.private)}
	if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
		return Key{}, fmt.Errorf("keep the signing key: %w", err)
	}
	return key, nil
}

func parse(file string, text []byte) (Key, error) {
	block, _ := pem.Decode(text)
	if block == nil {
		return Key{}, fmt.Errorf("read the signing key: %s is no PEM file", file)
	}
	private, err := x509.ParsePKCS1PrivateKey(block.Bytes)
	if err != nil {
		return Key{}, fmt.Errorf("read the signing key in %s: %w", file, err)
	}
	return Key{private}, nil
}
