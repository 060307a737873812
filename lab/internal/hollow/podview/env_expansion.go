// SPDX-License-Identifier: Apache-2.0

package podview

import (
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// Expand replaces $(NAME) by the variable's value. An unknown name stays unchanged and $$ becomes
// $, as in Kubernetes.
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

// reference reads the reference at the start of s, which is a dollar sign.
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

// Arguments returns the container's arguments. The program is the image's entry point, so the first
// word of a command is dropped.
func Arguments(c *corev1.Container, vars Vars) []string {
	args := c.Args
	if len(c.Command) > 1 {
		args = append(append([]string{}, c.Command[1:]...), c.Args...)
	}
	out := make([]string, len(args))
	for i, w := range args {
		out[i] = vars.Expand(w)
	}
	return out
}
