// SPDX-License-Identifier: Apache-2.0

package sensitive

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Lines returns the values as sorted lines, path=value, with values that look secret masked.
func Lines(values map[string]any) []string {
	if len(values) == 0 {
		return nil
	}
	var lines []string
	walk(values, "", false, func(path string, value any, secret bool) {
		if secret {
			value = Mask
		}
		lines = append(lines, fmt.Sprintf("%s=%v", path, value))
	})
	slices.Sort(lines)
	return lines
}

// Redactor replaces the secret values of a configuration wherever they occur in a text.
type Redactor struct{ replacer *strings.Replacer }

// minRedacted is the length of the shortest text that a Redactor replaces. Replacing shorter ones
// would make messages unreadable.
const minRedacted = 4

// NewRedactor returns a Redactor for the values that look secret. Lines of longer texts, such as PEM,
// are replaced one by one as well.
func NewRedactor(values ...map[string]any) Redactor {
	var texts []string
	add := func(text string) {
		if text = strings.TrimSpace(text); len(text) >= minRedacted {
			quoted := fmt.Sprintf("%q", text)
			texts = append(texts, text, quoted[1:len(quoted)-1])
		}
	}
	for _, v := range values {
		walk(v, "", false, func(_ string, value any, secret bool) {
			if !secret {
				return
			}
			eachText(value, func(text string) {
				add(text)
				for line := range strings.Lines(text) {
					add(line)
				}
			})
		})
	}
	// The replacer takes the first match in the order of its arguments: longer texts come first.
	slices.SortFunc(texts, func(a, b string) int { return cmp.Or(cmp.Compare(len(b), len(a)), cmp.Compare(a, b)) })
	var pairs []string
	for _, text := range slices.Compact(texts) {
		pairs = append(pairs, text, Mask)
	}
	return Redactor{replacer: strings.NewReplacer(pairs...)}
}

// Text returns the text with secret values masked.
func (r Redactor) Text(text string) string {
	if r.replacer == nil {
		return text
	}
	return r.replacer.Replace(text)
}

// Error returns an error whose text has secret values masked, and which wraps err. It returns err
// itself if there is nothing to mask.
func (r Redactor) Error(err error) error {
	if err == nil || r.Text(err.Error()) == err.Error() {
		return err
	}
	return redacted{text: r.Text(err.Error()), err: err}
}

// MaskURLs returns an error whose text has user information in URLs masked, and which wraps err.
func MaskURLs(err error) error {
	if err == nil || URL(err.Error()) == err.Error() {
		return err
	}
	return redacted{text: URL(err.Error()), err: err}
}

type redacted struct {
	text string
	err  error
}

func (r redacted) Error() string { return r.text }
func (r redacted) Unwrap() error { return r.err }

// walk calls leaf for each value that is not a map. secret reports whether it looks secret, because of
// the value or of any key above it.
func walk(value any, path string, secret bool, leaf func(path string, value any, secret bool)) {
	inner, isMap := value.(map[string]any)
	if isMap && len(inner) > 0 {
		for key, v := range inner {
			walk(v, strings.TrimPrefix(path+"."+key, "."), Below(secret, key), leaf)
		}
		return
	}
	leaf(path, value, secret && !harmless(value) || containsSecret(value))
}

// harmless reports whether a value is never secret: switches and empty values.
func harmless(value any) bool {
	switch v := value.(type) {
	case nil, bool:
		return true
	case string:
		return v == "" || v == "true" || v == "false"
	case []any:
		return len(v) == 0
	case map[string]any:
		return len(v) == 0
	}
	return false
}

// containsSecret reports whether a value, or anything in a list, looks secret. An element with a name
// and a value (an environment variable, a header) is treated like a key and its value.
func containsSecret(value any) bool {
	switch v := value.(type) {
	case string:
		return Text(v)
	case []any:
		return slices.ContainsFunc(v, containsSecret)
	case map[string]any:
		name, _ := v["name"].(string)
		if Key(name) && !harmless(v["value"]) {
			return true
		}
		for key, inner := range v {
			if Key(key) && !harmless(inner) || containsSecret(inner) {
				return true
			}
		}
	}
	return false
}

// eachText calls do for each scalar in a value.
func eachText(value any, do func(string)) {
	switch v := value.(type) {
	case nil, bool:
	case map[string]any:
		for _, inner := range v {
			eachText(inner, do)
		}
	case []any:
		for _, inner := range v {
			eachText(inner, do)
		}
	default:
		do(fmt.Sprint(v))
	}
}
