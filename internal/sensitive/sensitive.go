// SPDX-License-Identifier: Apache-2.0

// Package sensitive decides which configuration values look secret, and masks them in text. It is the
// only place that decides this: for inherited Helm values, for values files, for IstioOperators, and
// for the settings of control planes.
//
// The decision is a guess, on the safe side: a harmless value may be masked.
package sensitive

import (
	"regexp"
	"slices"
	"strings"
)

// Mask replaces a value that looks secret.
const Mask = "(masked)"

// keyWords are the words of a key that make its value, and everything below it, look secret.
var keyWords = []string{
	"apikey", "auth", "authorization", "bearer", "cert", "certificate", "certificates", "certs", "credential", "credentials", "crt",
	"dsn", "htpasswd", "jwk", "jwks", "jwt", "key", "keys", "keystore", "passphrase", "passwd", "password", "passwords", "pem",
	"private", "psk", "pwd", "secret", "secrets", "token", "tokens", "truststore",
}

// qualifiers are the key words that only count at the end of a key: AUTH_POLICY and keyPrefix are harmless.
var qualifiers = []string{"auth", "key", "keys", "private"}

// keyEndings make a word look secret that is not split by case or punctuation, such as DBPASSWORD.
var keyEndings = []string{"apikey", "credential", "credentials", "passphrase", "passwd", "password", "privatekey", "secret", "token"}

// harmlessEndings are the words at the end of a key that make it the name of a secret, or a limit or
// switch: secretName, tokenTTL.
var harmlessEndings = []string{
	"audience", "dir", "domain", "enabled", "expiration", "file", "format", "interval", "issuer", "mode", "name", "namespace",
	"path", "policy", "provider", "providers", "ref", "signers", "size", "timeout", "ttl", "type", "validity", "version",
}

// harmlessKeys are keys of Istio's charts whose values are names, wherever they are
// (manifests/charts of Istio 1.29 to 1.31): global.imagePullSecrets, global.sds.token.aud.
var harmlessKeys = []string{"aud", "imagepullsecrets"}

// valuePatterns match text that is secret whatever its key.
var valuePatterns = []*regexp.Regexp{
	regexp.MustCompile(`-----BEGIN [A-Z0-9 ]+-----`),                                             // PEM
	regexp.MustCompile(`eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*`),                // JWT
	regexp.MustCompile(`[A-Za-z][A-Za-z0-9+.-]*://[^/\s@]+@`),                                    // URL with user information
	regexp.MustCompile(`(?i)\b(basic|bearer)\s+[A-Za-z0-9._~+/=-]{8,}`),                          // HTTP authorization
	regexp.MustCompile(`\b(AKIA|ASIA)[A-Z0-9]{16}\b`),                                            // AWS access key
	regexp.MustCompile(`\b(gh[pousr]_|github_pat_|glpat-|xox[abeoprs]-|AIza)[A-Za-z0-9_-]{16,}`), // well-known tokens
	regexp.MustCompile(`(?i)(api_?key|credentials?|passphrase|passw(or)?d|private_?key|secret|token)["']?\s*[:=]\s*["']?[^\s"']`),
}

var (
	base64Text = regexp.MustCompile(`^[A-Za-z0-9+/_-]{32,}={0,2}$`)
	hexText    = regexp.MustCompile(`^[0-9a-fA-F]{32,}$`)
)

// Key reports whether a key (one segment of a path, such as "adminPassword") looks as if its value is
// secret.
func Key(key string) bool {
	words := split(key)
	if harmlessKey(key) || len(words) > 1 && slices.Contains(harmlessEndings, words[len(words)-1]) {
		return false
	}
	for i, word := range words {
		if slices.ContainsFunc(keyEndings, func(ending string) bool { return strings.HasSuffix(word, ending) }) {
			return true
		}
		if slices.Contains(keyWords, word) && (i == len(words)-1 || !slices.Contains(qualifiers, word)) {
			return true
		}
	}
	return false
}

func harmlessKey(key string) bool { return slices.Contains(harmlessKeys, strings.ToLower(key)) }

// Below reports whether values below a key look secret. parent is the same of the values around it.
func Below(parent bool, key string) bool { return !harmlessKey(key) && (parent || Key(key)) }

// Text reports whether a text looks secret whatever its key: PEM, a JWT, a URL with user information,
// a well-known token, or long base64 or hexadecimal text.
func Text(text string) bool {
	for _, p := range valuePatterns {
		if p.MatchString(text) {
			return true
		}
	}
	text = strings.TrimSpace(text)
	if hexText.MatchString(text) {
		return true
	}
	mixed := strings.ContainsAny(text, "0123456789") && strings.ToLower(text) != text && strings.ToUpper(text) != text
	return mixed && base64Text.MatchString(text)
}

// Value reports whether a value looks secret. below is what Below reports for its key.
func Value(below bool, text string) bool { return below && !harmless(text) || Text(text) }

var userInfo = regexp.MustCompile(`://[^/\s@]+@`)

// URL returns a URL, or a text with URLs, with user information masked.
func URL(text string) string { return userInfo.ReplaceAllLiteralString(text, "://"+Mask+"@") }

// split splits a key into lower-case words, at punctuation and at changes of case.
func split(key string) []string {
	var words []string
	runes := []rune(key)
	start := 0
	flush := func(end int) {
		if end > start {
			words = append(words, strings.ToLower(string(runes[start:end])))
		}
	}
	for i, r := range runes {
		switch {
		case !isLetter(r) && !isDigit(r):
			flush(i)
			start = i + 1
		case i > start && isUpper(r) && (!isUpper(runes[i-1]) || i+1 < len(runes) && isLower(runes[i+1])):
			flush(i)
			start = i
		}
	}
	flush(len(runes))
	return words
}

func isUpper(r rune) bool  { return r >= 'A' && r <= 'Z' }
func isLower(r rune) bool  { return r >= 'a' && r <= 'z' }
func isLetter(r rune) bool { return isUpper(r) || isLower(r) || r > 127 }
func isDigit(r rune) bool  { return r >= '0' && r <= '9' }
