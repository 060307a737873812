// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	"cmp"
	"fmt"
)

// FormerFieldNames are the fields of a specification that version 0.1 named
// differently, by their names then.
var FormerFieldNames = map[string]string{"way": "strategy"}

// UseCurrentNames moves the values of fields that version 0.1 wrote to the fields
// of today, and empties the former ones. A field of today wins; that both are set
// to different values is an error.
func (s *MeshUpgradeSpec) UseCurrentNames() error {
	err := rename(&s.Strategy, &s.Way, "spec.strategy", "spec.way")
	for i := range s.Workloads {
		r := &s.Workloads[i]
		path := fmt.Sprintf("spec.workloads[%d]", i)
		err = cmp.Or(err, rename(&r.Strategy, &r.Way, path+".strategy", path+".way"))
	}
	if h := s.Helm; h != nil {
		err = cmp.Or(err, rename(&h.Inherit, &h.Carry, "spec.helm.inherit", "spec.helm.carry"))
		if h.Inherited == nil {
			h.Inherited = h.Carried
		}
		h.Carried = nil
	}
	return err
}

func rename(current, former *string, currentPath, formerPath string) error {
	var err error
	if *current != "" && *former != "" && *current != *former {
		err = fmt.Errorf("%s is %s, and %s, its name in version 0.1, is %s: set only %s", currentPath, *current, formerPath, *former, currentPath)
	}
	*current, *former = cmp.Or(*current, *former), ""
	return err
}
