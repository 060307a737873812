// SPDX-License-Identifier: Apache-2.0

package cluster

import "strings"

// enough is how much of the API server's own words is shown: of a patch that it
// cannot read it repeats the whole object.
const enough = 600

// brief is an error whose text is no longer than a person reads.
func brief(err error) error {
	text := err.Error()
	if len(text) <= enough {
		return err
	}
	return &shortened{err, strings.ToValidUTF8(text[:enough/2], "") + " … " + strings.ToValidUTF8(text[len(text)-enough/2:], "")}
}

type shortened struct {
	error
	text string
}

func (s *shortened) Error() string { return s.text }

func (s *shortened) Unwrap() error { return s.error }
