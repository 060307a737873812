// SPDX-License-Identifier: Apache-2.0

// Package token creates the shop's signing key, the key set for the gateway, and a token. The key
// is created when the shop is applied and is part of no repository.
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

// Key signs tokens.
type Key struct{ private *rsa.PrivateKey }

// New creates a key.
func New() (Key, error) {
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return Key{}, fmt.Errorf("create a signing key: %w", err)
	}
	return Key{private}, nil
}

// LoadOrCreate reads the key from the file. If there is no file, it creates the key and writes it,
// readable by its owner only. One file always gives the same manifests.
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
		return Key{}, fmt.Errorf("write the signing key: %w", err)
	}
	return key, nil
}

func parse(file string, text []byte) (Key, error) {
	block, _ := pem.Decode(text)
	if block == nil {
		return Key{}, fmt.Errorf("read the signing key: %s is not a PEM file", file)
	}
	private, err := x509.ParsePKCS1PrivateKey(block.Bytes)
	if err != nil {
		return Key{}, fmt.Errorf("parse the signing key in %s: %w", file, err)
	}
	return Key{private}, nil
}
