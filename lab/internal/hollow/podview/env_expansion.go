// SPDX-License-Identifier: Apache-2.0

package podview

import (
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// Expand puts the values of variables in the place of $(NAME). A name that is
// not set stays as it is, and $$ stands for one dollar sign, as Kubernetes has it.
func (v Vars) Expand(s string) string {
	var out strings.Builder
	for {
		i := strings.IndexByte(s, '$')
		if i < 0 || i == len(s)-1 {
			out.WriteString(s)
			return out.String()
		}
		out.WriteString(s[:i])
		text, rest := v.reference(s[i:])
		out.WriteString(text)
		s = rest
	}
}

// reference reads what begins with the dollar sign that s begins with.
func (v Vars) reference(s string) (text, rest string) {
	switch s[1] {
	case '$':
		return "$", s[2:]
	case '(':
		end := strings.IndexByte(s, ')')
		if end < 0 {
			return s, ""
		}
		if value, ok := v.lookup(s[2:end]); ok {
			return value, s[end+1:]
		}
		return s[:end+1], s[end+1:]
	}
	return s[:1], s[1:]
}

// Arguments is the container's command line after its program's name. An image's
// own entry point is the program itself, so a command takes its place.
func Arguments(c *corev1.Container, vars Vars) []string {
	words := c.Args
	if len(c.Command) > 1 {
		words = append(append([]string{}, c.Command[1:]...), c.Args...)
	}
	out := make([]string, len(words))
	for i, w := range words {
		out[i] = vars.Expand(w)
	}
	return out
}
