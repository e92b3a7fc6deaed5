package main

import "go.mongodb.org/atlas/mongodbatlas"

// serverless walks an instance through its life with the client's own methods.
func (r run) serverless() {
	api := r.client.ServerlessInstances
	on := true
	created, _, err := api.Create(r.ctx, r.group, &mongodbatlas.ServerlessCreateRequestParams{
		Name: name,
		ProviderSettings: &mongodbatlas.ServerlessProviderSettings{
			BackingProviderName: "AWS", ProviderName: "SERVERLESS", RegionName: "US_EAST_1",
		},
		ServerlessBackupOptions:      &mongodbatlas.ServerlessBackupOptions{ServerlessContinuousBackupEnabled: &on},
		TerminationProtectionEnabled: &on,
		Tag:                          &[]*mongodbatlas.Tag{{Key: "env", Value: "interop"}},
	})
	said("createServerlessInstance", created, err)
	check("createServerlessInstance", created.Name == name && created.StateName == "CREATING" && created.GroupID == r.group, created)

	var got *mongodbatlas.Cluster
	r.until("getServerlessInstance", func() (bool, error) {
		got, _, err = api.Get(r.ctx, r.group, name)
		return err == nil && got.StateName == "IDLE", err
	})
	said("getServerlessInstance", got, nil)
	check("getServerlessInstance", got.ID == created.ID && got.ConnectionStrings.StandardSrv != "", got)

	list, _, err := api.List(r.ctx, r.group, &mongodbatlas.ListOptions{PageNum: 1, ItemsPerPage: 100, IncludeCount: true})
	said("listServerlessInstances", list, err)
	check("listServerlessInstances", list.TotalCount == 1 && len(list.Results) == 1 && list.Results[0].ID == created.ID, list)

	off := false
	updated, _, err := api.Update(r.ctx, r.group, name, &mongodbatlas.ServerlessUpdateRequestParams{
		ServerlessBackupOptions:      &mongodbatlas.ServerlessBackupOptions{ServerlessContinuousBackupEnabled: &on},
		TerminationProtectionEnabled: &off,
		Tag:                          &[]*mongodbatlas.Tag{{Key: "env", Value: "updated"}},
	})
	said("updateServerlessInstance", updated, err)
	check("updateServerlessInstance", !*updated.TerminationProtectionEnabled && (*updated.Tags)[0].Value == "updated", updated)

	_, err = api.Delete(r.ctx, r.group, name)
	said("deleteServerlessInstance", nil, err)
	r.until("deleteServerlessInstance", func() (bool, error) {
		_, response, err := api.Get(r.ctx, r.group, name)
		if gone(response) {
			return true, nil
		}
		return false, err
	})

	project, _, err := r.client.Projects.GetOneProject(r.ctx, r.group)
	said("getGroup", project, err)
	check("getGroup", project.ID == r.group, project)
	projects, _, err := r.client.Projects.GetAllProjects(r.ctx, nil)
	said("listGroups", projects, err)
	check("listGroups", projects.TotalCount == 1 && projects.Results[0].ID == r.group, projects)
}
