// SPDX-License-Identifier: Apache-2.0

package install

import (
	"cmp"
	"slices"
	"strings"
)

// removal says how to remove a revision's own objects. `istioctl uninstall` is
// the usual way, but it deletes gateways that bear the revision, and it refuses
// a revision without an injection webhook ("could not find target revision"),
// as a half-done install may leave it; then the objects are named one by one.
func (i ByIstioctl) removal(left Leftovers) []string {
	if len(left.Own) == 0 {
		return nil
	}
	hooked := slices.ContainsFunc(left.Own, func(o Object) bool { return o.Kind == "MutatingWebhookConfiguration" })
	if hooked && len(left.Needed) == 0 {
		return []string{strings.Join(append([]string{cmp.Or(i.Istioctl, "istioctl"), "uninstall", "--revision", left.Revision}, i.reach()...), " ")}
	}
	names := map[string][]string{}
	for _, o := range left.Own {
		names[o.Namespace] = append(names[o.Namespace], strings.ToLower(o.Kind)+"/"+o.Name)
	}
	var commands []string
	for namespace, objects := range names {
		command := append([]string{"kubectl", "delete", "--ignore-not-found"}, i.reach()...)
		if namespace != "" {
			command = append(command, "--namespace", namespace)
		}
		slices.Sort(objects)
		commands = append(commands, strings.Join(append(command, objects...), " "))
	}
	slices.Sort(commands)
	return commands
}
