// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/api/equality"
)

// untouched reports whether the record is still the one that was read, so that
// what was shown and agreed to here is about it.
func (r *run) untouched(now *run) bool {
	return r.found != nil && equality.Semantic.DeepEqual(r.found.Spec, now.found.Spec) && bytes.Equal(r.found.Status.Ledger, now.found.Status.Ledger)
}

// unlike refuses a record on which somebody else agreed, meanwhile, to something
// else than was asked for here: nobody was shown that here, and what was asked for
// would be passed over.
func (r *run) unlike(now *run) error {
	if fields := differences(r.Spec, now.Spec); len(fields) > 0 {
		return another(r.Name, fields)
	}
	var fields []string
	if r.back() != now.back() {
		fields = append(fields, "spec.rollback")
	}
	for _, f := range carriedFields {
		if r.asksFor(f.name) && f.text(r.Spec) != f.text(now.Spec) {
			fields = append(fields, fmt.Sprintf("spec.%s (%s, here %s)", f.name, f.text(now.Spec), f.text(r.Spec)))
		}
	}
	if len(fields) == 0 {
		return nil
	}
	return fmt.Errorf("go on with run %s: somebody else worked on it meanwhile, and on record is something else than was asked for here: %s; this process has changed nothing: run the same command again, which shows what is left",
		r.Name, strings.Join(fields, ", "))
}

// asksFor reports whether a command asks for a field of the spec: all of them, of a
// run that begins.
func (r *run) asksFor(name string) bool {
	return r.fresh || slices.ContainsFunc(r.changes, func(c change) bool { return c.name == name })
}
