package main

import (
	"net/http"

	"go.mongodb.org/atlas/mongodbatlas"
)

// The client is older than Flex, so these requests are made with its NewRequest
// and Do, and carry the media type that MongoDB's Go SDK sends for Flex.
const flexMedia = "application/vnd.atlas.2024-11-13+json"

type flexCluster struct {
	ID               string `json:"id,omitempty"`
	Name             string `json:"name,omitempty"`
	StateName        string `json:"stateName,omitempty"`
	ProviderSettings struct {
		BackingProviderName string  `json:"backingProviderName"`
		ProviderName        string  `json:"providerName"`
		RegionName          string  `json:"regionName"`
		DiskSizeGB          float64 `json:"diskSizeGB"`
	} `json:"providerSettings"`
	ConnectionStrings struct {
		Standard    string `json:"standard"`
		StandardSrv string `json:"standardSrv"`
	} `json:"connectionStrings"`
	TerminationProtectionEnabled bool               `json:"terminationProtectionEnabled"`
	Tags                         []mongodbatlas.Tag `json:"tags"`
}

type object = map[string]any

func (r run) call(method, path string, body, into any) (*mongodbatlas.Response, error) {
	request, err := r.client.NewRequest(r.ctx, method, "api/atlas/v2/groups/"+r.group+path, body)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Accept", flexMedia)
	if body != nil {
		request.Header.Set("Content-Type", flexMedia)
	}
	return r.client.Do(r.ctx, request, into)
}

func (r run) flex() {
	var created, got, updated flexCluster
	_, err := r.call(http.MethodPost, "/flexClusters", object{
		"name":                         name,
		"providerSettings":             object{"backingProviderName": "AWS", "regionName": "US_EAST_1"},
		"tags":                         []object{{"key": "env", "value": "interop"}},
		"terminationProtectionEnabled": true,
	}, &created)
	said("createGroupFlexCluster", created, err)
	check("createGroupFlexCluster", created.Name == name && created.ProviderSettings.ProviderName == "FLEX", created)

	r.until("getGroupFlexCluster", func() (bool, error) {
		got = flexCluster{}
		_, err := r.call(http.MethodGet, "/flexClusters/"+name, nil, &got)
		return err == nil && got.StateName == "IDLE", err
	})
	said("getGroupFlexCluster", got, nil)
	check("getGroupFlexCluster", got.ID == created.ID && got.ConnectionStrings.Standard != "" && got.ConnectionStrings.StandardSrv != "", got)

	var list struct {
		Results    []flexCluster `json:"results"`
		TotalCount int           `json:"totalCount"`
	}
	_, err = r.call(http.MethodGet, "/flexClusters?includeCount=true&itemsPerPage=100&pageNum=1", nil, &list)
	said("listGroupFlexClusters", list, err)
	check("listGroupFlexClusters", list.TotalCount == 1 && list.Results[0].ID == created.ID, list)

	_, err = r.call(http.MethodPatch, "/flexClusters/"+name, object{
		"tags": []object{{"key": "env", "value": "updated"}}, "terminationProtectionEnabled": false,
	}, &updated)
	said("updateGroupFlexCluster", updated, err)
	check("updateGroupFlexCluster", !updated.TerminationProtectionEnabled && updated.Tags[0].Value == "updated", updated)

	_, err = r.call(http.MethodDelete, "/flexClusters/"+name, nil, nil)
	said("deleteGroupFlexCluster", nil, err)
	r.until("deleteGroupFlexCluster", func() (bool, error) {
		response, err := r.call(http.MethodGet, "/flexClusters/"+name, nil, nil)
		if gone(response) {
			return true, nil
		}
		return false, err
	})
}
