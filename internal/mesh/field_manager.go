// SPDX-License-Identifier: Apache-2.0

package mesh

// FieldManager is who wrote a field, as the API server has it. The zero value stands for a
// person with kubectl, and for Rerig, Istio and Kubernetes itself.
type FieldManager struct {
	Name string // "HashiCorp"
	Tool Tool   // the tool that has this name, "" if it is not known
}

// String returns "Terraform (field manager HashiCorp)".
func (m FieldManager) String() string {
	if m.Tool == "" {
		return "field manager " + m.Name
	}
	return string(m.Tool) + " (field manager " + m.Name + ")"
}

// Tool is a tool that writes objects from a description of its own.
type Tool string

// The known tools, besides those for which a run waits.
const (
	Terraform  Tool = "Terraform"
	Pulumi     Tool = "Pulumi"
	Ansible    Tool = "Ansible"
	Python     Tool = "a Python client"
	HelmTool   Tool = "Helm"
	Crossplane Tool = "Crossplane"
	Kapp       Tool = "kapp"
	Rancher    Tool = "Rancher"
)

// sources are where the tools have what they write.
var sources = map[Tool]string{
	Terraform:  "in the Terraform configuration, before its next apply",
	Pulumi:     "in the Pulumi program, before its next update",
	Ansible:    "in the playbook, before its next run",
	Python:     "in what it writes from, such as a playbook of Ansible, before its next run",
	HelmTool:   "in the chart or its values, before the next helm upgrade",
	Crossplane: "in the Crossplane object or composition: Crossplane restores the old value within minutes",
	Kapp:       "in kapp's manifests, before the next deploy",
	Rancher:    "in Rancher",
}

// Source returns where a label has to be changed, so that the tool does not restore it.
func (m FieldManager) Source() string {
	if at, known := sources[m.Tool]; known {
		return at
	}
	return "where it has the label from: kubectl get KIND NAME -o yaml --show-managed-fields shows when it wrote"
}
